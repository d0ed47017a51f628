CREATE TABLE t(a INT, v INT AS (a + b), b INT);
