CREATE TABLE t(a INT CHECK (a > 0), b);
PRAGMA ignore_check_constraints = ON;
INSERT INTO t VALUES (-1, 2), (-2, 2), (3, 4);
PRAGMA ignore_check_constraints = OFF;
