-- migrate:up
CREATE TABLE t(a);
INSERT INTO t VALUES (1)
-- and that is all
-- migrate:down
DROP TABLE t -- gone
