ALTER TABLE t ALTER z FIRST;
CREATE TABLE differences AS SELECT kinds FROM before
  EXCEPT SELECT typeof(i) || ' ' || typeof(r) || ' ' || typeof(n) || ' ' || typeof(s) || ' ' || typeof(b) FROM t;
