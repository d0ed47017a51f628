CREATE TABLE t(a INT, b INT, v INT AS (a + b));
INSERT INTO t(a, b) VALUES (1, 2);
