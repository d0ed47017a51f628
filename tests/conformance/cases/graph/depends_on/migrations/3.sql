-- cccc
-- revision: cccc
-- revises: aaaa
-- depends_on: bbbb

-- migrate:up
CREATE TABLE t_cccc(a);

-- migrate:down
DROP TABLE t_cccc;
