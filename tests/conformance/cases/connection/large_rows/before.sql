PRAGMA page_size = 512;
CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b BLOB);
WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c WHERE x < 50)
  INSERT INTO t SELECT x, printf('%.*c', x * 97, 'x'), zeroblob(x * 101) FROM c;
CREATE TABLE before AS SELECT sum(length(a)) AS a, sum(length(b)) AS b, count(*) AS n FROM t;
