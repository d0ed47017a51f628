CREATE TABLE t(a INT, v INT AS (a + 1), s INT AS (a + 2) STORED, z);
INSERT INTO t(a, z) VALUES (1, 'z');
