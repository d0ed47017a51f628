-- aaaa
-- revision: aaaa
-- revises:
-- depends_on: aaaa

-- migrate:up
CREATE TABLE t_aaaa(a);

-- migrate:down
DROP TABLE t_aaaa;
