-- migrate:up
CREATE TABLE t4(a);
INSERT INTO t4 VALUES (4);
-- migrate:down
DROP TABLE t4;
