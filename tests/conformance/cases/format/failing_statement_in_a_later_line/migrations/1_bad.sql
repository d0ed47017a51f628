-- A header

/* a comment
   of two lines */
CREATE TABLE t(a);
-- the one that fails
  INSERT INTO
    nowhere VALUES (1);
