CREATE TABLE t(a INT, b INT, c INT /* the last */, d INT);
INSERT INTO t VALUES (1, 2, 3, 4);
