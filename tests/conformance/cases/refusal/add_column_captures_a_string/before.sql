CREATE TABLE t(a CHECK (a <> "none"));
INSERT INTO t VALUES ('some');
