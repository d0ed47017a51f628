CREATE TABLE t(both TEXT AS (a || b), a TEXT, b TEXT);
