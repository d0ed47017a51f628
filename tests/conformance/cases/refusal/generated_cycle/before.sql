CREATE TABLE t(a INT, g INT AS (a * 2), h INT AS (g + 1));
INSERT INTO t(a) VALUES (1);
