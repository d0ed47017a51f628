CREATE TABLE other(x);

CREATE TABLE t(
  id INTEGER PRIMARY KEY,
  a TEXT,   -- the first
  b INT DEFAULT 5,
  half REAL AS (b / 2.0) STORED,
  c REAL,
  twice AS (b * 2)
);
