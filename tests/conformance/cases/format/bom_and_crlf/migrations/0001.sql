-- Both
-- revision: win1

-- migrate:up
CREATE TABLE t(
  a TEXT -- a comment
);
ALTER TABLE t ADD b TEXT
  DEFAULT 'x';

-- migrate:down
DROP TABLE t;
CREATE TABLE went(a);
