CREATE TABLE notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never given out twice
    title TEXT,
    body TEXT,
    created TEXT
);
CREATE TABLE attachments (
    id INTEGER PRIMARY KEY,
    note_id INTEGER REFERENCES notes(id) ON DELETE CASCADE,
    name TEXT,
    bytes TEXT
);
CREATE INDEX attachments_by_note ON attachments(note_id);
CREATE VIEW recent AS SELECT id, title, created FROM notes ORDER BY created DESC LIMIT 20;

-- The full-text index follows the notes.
CREATE VIRTUAL TABLE search USING fts5(title, body, content='notes', content_rowid='id');
CREATE TRIGGER search_insert AFTER INSERT ON notes BEGIN
    INSERT INTO search(rowid, title, body) VALUES (new.id, new.title, new.body);
END;
CREATE TRIGGER search_delete AFTER DELETE ON notes BEGIN
    INSERT INTO search(search, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
END;
CREATE TRIGGER search_update AFTER UPDATE OF title, body ON notes BEGIN
    INSERT INTO search(search, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
    INSERT INTO search(rowid, title, body) VALUES (new.id, new.title, new.body);
END;
