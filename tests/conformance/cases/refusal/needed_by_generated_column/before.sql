CREATE TABLE t(a INT, twice INT AS (a * 2));
