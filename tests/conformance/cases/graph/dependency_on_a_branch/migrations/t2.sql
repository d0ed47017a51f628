-- revision: t2
-- revises: t1
-- migrate:up
CREATE TABLE t2(a);
-- migrate:down
DROP TABLE t2;
