-- migrate:up transaction:false
INSERT INTO t VALUES (1);
INSERT INTO t VALUES (10);
INSERT INTO t VALUES (2);
