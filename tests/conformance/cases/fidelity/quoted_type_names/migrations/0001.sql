ALTER TABLE t ALTER c FIRST;
CREATE TABLE seen AS SELECT rowid AS number, typeof(a) AS a, typeof(b) AS b FROM t;
