-- migrate:up
CREATE TABLE t2(a);
INSERT INTO t2 VALUES (2);
-- migrate:down
DROP TABLE t2;
