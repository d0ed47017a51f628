CREATE TABLE t(
  a TEXT, -- about a
  b TEXT NOT NULL /* after */ DEFAULT '', -- about b
  c INT -- about c
);
INSERT INTO t VALUES ('x', 'y', 1);
