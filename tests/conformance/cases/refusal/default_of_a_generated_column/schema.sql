CREATE TABLE t(a INT, g INT AS (a * 2));
