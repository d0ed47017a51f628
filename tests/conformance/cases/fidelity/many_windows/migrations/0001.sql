ALTER TABLE t ALTER b FIRST;
CREATE TABLE seen AS SELECT count(*) AS n, min(rowid) AS least, max(rowid) AS greatest, sum(a) AS a, count(DISTINCT rowid - 3 * a) AS shifts FROM t;
DROP TABLE t;
