-- migrate:up
CREATE TABLE t5(a);
INSERT INTO t5 VALUES (5);
-- migrate:down
DROP TABLE t5;
