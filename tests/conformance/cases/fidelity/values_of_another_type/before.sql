CREATE TABLE t(i INTEGER, r REAL, n NUMERIC, s TEXT, b BLOB, z INT);
INSERT INTO t VALUES ('word', 'word', 'word', x'00ff', 'text', 1), (x'31', x'31', x'31', 12.0, 12, 2),
  (1.5, 3, 2.0, 7, 7.5, 3), ('12', '12', '1e2', '012', '012', 4), (-0.0, -0.0, -0.0, -0.0, -0.0, 5);
CREATE TABLE before AS SELECT typeof(i) || ' ' || typeof(r) || ' ' || typeof(n) || ' ' || typeof(s) || ' ' || typeof(b) AS kinds FROM t;
