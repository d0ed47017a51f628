CREATE TABLE t(
  d TEXT,
  id INTEGER PRIMARY KEY,
  a TEXT,   -- the first
  e INT DEFAULT 2,
  b INT DEFAULT 5,
  c REAL
);
