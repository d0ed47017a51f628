-- The first release
CREATE TABLE notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never given out twice
    title TEXT,
    body TEXT,
    created TEXT
);
CREATE INDEX notes_by_time ON notes(created);
CREATE VIEW recent AS SELECT id, title, body FROM notes ORDER BY id DESC LIMIT 40;
