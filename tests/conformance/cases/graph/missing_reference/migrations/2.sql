-- bbbb
-- revision: bbbb
-- revises: zzzz

-- migrate:up
CREATE TABLE t_bbbb(a);

-- migrate:down
DROP TABLE t_bbbb;
