-- migrate:up transaction:false
-- migrate:unless SELECT 1 FROM t
INSERT INTO t VALUES (1);
PRAGMA page_size = 8192;
VACUUM;
