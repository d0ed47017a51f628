-- aaaa
-- revision: aaaa
-- revises:
-- depends_on: bbbb

-- migrate:up
CREATE TABLE t_aaaa(a);

-- migrate:down
DROP TABLE t_aaaa;
