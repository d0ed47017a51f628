-- migrate:up
CREATE TABLE t(a);
INSERT INTO t VALUES (1);
-- migrate:down transaction:false
DELETE FROM t;
VACUUM;
INSERT INTO t VALUES (2);
