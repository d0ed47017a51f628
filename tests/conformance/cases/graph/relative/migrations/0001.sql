-- migrate:up
CREATE TABLE t1(a);
-- migrate:down
DROP TABLE t1;
