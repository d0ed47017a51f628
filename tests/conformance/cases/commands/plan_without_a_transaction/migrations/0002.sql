-- migrate:up transaction:false
VACUUM;
INSERT INTO t VALUES (1);
