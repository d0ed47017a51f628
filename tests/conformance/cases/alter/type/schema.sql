CREATE TABLE t(
  id INTEGER PRIMARY KEY,
  a INTEGER,   -- the first
  b INT DEFAULT 5,
  c REAL
);
