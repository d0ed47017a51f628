CREATE TABLE t(
  a INT, -- the a
  b INT /* the b */,
  -- about c
  c INT, -- the c
  d INT -- the d
);
INSERT INTO t VALUES (1, 2, 3, 4);
