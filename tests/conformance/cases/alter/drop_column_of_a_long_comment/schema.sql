CREATE TABLE t(
  -- the key
  id INTEGER PRIMARY KEY,
  -- the name,
  -- in full
  name TEXT, -- as typed
  /* gone */
  -- the last one
  last TEXT -- really
  -- the end
);
