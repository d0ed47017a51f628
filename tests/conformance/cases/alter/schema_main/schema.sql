CREATE TABLE t(
  id INTEGER PRIMARY KEY,
  a TEXT DEFAULT 'q',   -- the first
  b INT DEFAULT 5,
  c REAL
);
