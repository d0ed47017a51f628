ALTER TABLE t ALTER b FIRST, ADD CHECK (length(a) > 0);
CREATE TABLE after AS SELECT sum(length(a)) AS a, sum(length(b)) AS b, count(*) AS n FROM t;
DROP TABLE t;
