-- Tags

-- migrate:up
CREATE TABLE tags(note INTEGER REFERENCES notes ON DELETE CASCADE, tag TEXT);
ALTER TABLE notes ADD pinned INTEGER NOT NULL DEFAULT 0;
CREATE INDEX by_title ON notes(title);

-- migrate:down
DROP TABLE tags;
DROP INDEX by_title;
ALTER TABLE notes DROP pinned;
