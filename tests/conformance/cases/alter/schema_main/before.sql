CREATE TABLE t(
  id INTEGER PRIMARY KEY,
  a TEXT,   -- the first
  b INT DEFAULT 5,
  c REAL
);
INSERT INTO t VALUES (1, 'one', 10, 1.5), (3, NULL, NULL, 2.5), (7, '007', 30, NULL);
