CREATE TABLE t(
  d INT, -- the d
  -- about c
  c INT, -- the c
  a INT -- the a
);
