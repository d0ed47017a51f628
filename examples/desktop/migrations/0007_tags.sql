-- Tags
--
-- created: 2026-01-30 09:00:00

-- migrate:up
CREATE TABLE tags (
    note_id INTEGER NOT NULL REFERENCES notes(id) ON DELETE CASCADE,
    tag TEXT NOT NULL COLLATE NOCASE,
    PRIMARY KEY (note_id, tag)
) STRICT, WITHOUT ROWID;

-- migrate:down
DROP TABLE tags;
