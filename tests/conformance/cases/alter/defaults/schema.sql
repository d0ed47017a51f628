CREATE TABLE t(
  id INTEGER PRIMARY KEY,
  a TEXT DEFAULT 'it''s',   -- the first
  b INT,
  c REAL DEFAULT (1 + 2)
);
