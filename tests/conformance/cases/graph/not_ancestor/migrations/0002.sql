-- migrate:up
CREATE TABLE t2(a);
-- migrate:down
DROP TABLE t2;
