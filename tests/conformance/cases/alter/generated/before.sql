CREATE TABLE t(a INT, b INT, c INT, d INT AS (a + b));
INSERT INTO t(a, b, c) VALUES (1, 2, 3), (4, 5, 6);
