-- bbbb
-- revision: bbbb
-- revises:
-- branch_labels: x

-- migrate:up
CREATE TABLE t_bbbb(a);

-- migrate:down
DROP TABLE t_bbbb;
