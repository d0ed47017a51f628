ALTER TABLE t ALTER a TYPE INT, ALTER b TYPE TEXT, ALTER c TYPE ANY;
CREATE TABLE kinds AS SELECT id, typeof(a) AS a, typeof(b) AS b, typeof(c) AS c FROM t;
