CREATE TABLE t(id INTEGER PRIMARY KEY, a INT);
INSERT INTO t VALUES (1, 1), (2, -1);
PRAGMA ignore_check_constraints = ON;
