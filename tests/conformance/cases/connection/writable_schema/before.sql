PRAGMA foreign_keys = ON;
PRAGMA writable_schema = ON;
CREATE TABLE t(a TEXT, b INT);
INSERT INTO t VALUES ('x', 1);
