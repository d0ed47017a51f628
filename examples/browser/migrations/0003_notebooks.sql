-- Notebooks
--
-- revises: 0002

-- migrate:up
CREATE TABLE notebooks (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO notebooks VALUES (1, 'Everything');
ALTER TABLE notes ADD COLUMN notebook INTEGER REFERENCES notebooks(id) ON DELETE SET NULL;
UPDATE notes SET notebook = 1;

-- migrate:down
ALTER TABLE notes DROP COLUMN notebook;
DROP TABLE notebooks;
