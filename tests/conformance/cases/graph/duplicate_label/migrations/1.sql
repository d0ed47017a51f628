-- aaaa
-- revision: aaaa
-- revises:
-- branch_labels: x

-- migrate:up
CREATE TABLE t_aaaa(a);

-- migrate:down
DROP TABLE t_aaaa;
