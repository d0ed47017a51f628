CREATE TABLE t(
  -- the key
  id INTEGER PRIMARY KEY,
  -- the name,
  -- in full
  name TEXT, -- as typed
  /* gone */
  gone TEXT, -- also gone
  -- the last one
  last TEXT -- really
  -- the end
);
INSERT INTO t VALUES (1, 'n', 'g', 'l');
