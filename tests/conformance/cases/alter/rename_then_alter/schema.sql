CREATE TABLE "people"(
  d,
  id INTEGER PRIMARY KEY,
  name TEXT DEFAULT 'n',   -- the first
  b INT DEFAULT 5,
  c REAL
);
