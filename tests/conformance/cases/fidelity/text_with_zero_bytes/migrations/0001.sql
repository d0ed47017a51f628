INSERT INTO t VALUES (1, 'a' || char(0) || 'b', 1), (2, CAST(x'ff00fe' AS TEXT), 2), (3, CAST(x'eda080' AS TEXT), 3);
ALTER TABLE t ALTER b FIRST;
CREATE TABLE seen AS SELECT id, typeof(a) AS kind, hex(CAST(a AS BLOB)) AS bytes FROM t ORDER BY id;
UPDATE t SET a = NULL;
