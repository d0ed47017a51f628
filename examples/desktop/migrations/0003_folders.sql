-- Folders for notes
--
-- created: 2025-03-10 09:00:00

-- migrate:up
CREATE TABLE folders (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
ALTER TABLE notes ADD COLUMN folder_id INTEGER REFERENCES folders(id) ON DELETE SET NULL;
CREATE INDEX notes_by_folder ON notes(folder_id) WHERE folder_id IS NOT NULL;

-- migrate:down
DROP INDEX notes_by_folder;
ALTER TABLE notes DROP COLUMN folder_id;
DROP TABLE folders;
