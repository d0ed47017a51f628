CREATE TABLE t(id TEXT PRIMARY KEY, a INT);
INSERT INTO t VALUES ('5', 1), ('5.0', 2), ('five', 3), ('6', 4);
