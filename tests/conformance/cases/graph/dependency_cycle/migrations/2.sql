-- bbbb
-- revision: bbbb
-- revises:
-- depends_on: aaaa

-- migrate:up
CREATE TABLE t_bbbb(a);

-- migrate:down
DROP TABLE t_bbbb;
