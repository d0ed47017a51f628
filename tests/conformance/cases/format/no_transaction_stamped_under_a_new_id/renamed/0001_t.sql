-- revision: new
-- aliases: old
-- migrate:up transaction:false
CREATE TABLE t(a);
INSERT INTO t VALUES (1);
INSERT INTO t VALUES (2);
