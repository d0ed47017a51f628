-- Tags, taken from the #words of the notes
--
-- revises: 0002
-- branch_labels: tags

-- migrate:up
CREATE TABLE tags (
    note INTEGER NOT NULL REFERENCES notes(id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (note, tag)
) WITHOUT ROWID;
INSERT INTO tags
    WITH words(tag) AS (VALUES ('garden'), ('kitchen'), ('travel'), ('work'))
    SELECT notes.id, words.tag FROM notes JOIN words ON notes.body LIKE '%#' || words.tag || '%';
CREATE INDEX tags_by_tag ON tags(tag);

-- migrate:down
DROP TABLE tags;
