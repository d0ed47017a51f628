CREATE TABLE t(
  id INTEGER PRIMARY KEY,
  a TEXT,   -- the first
  b INT DEFAULT 5,
  c REAL,
  d INT
);
