CREATE TABLE note(title TEXT, body TEXT);
INSERT INTO note(rowid, title, body) VALUES (2, 'Alembic', 'a still'), (7, 'Retort', 'another still'), (11, 'Cup', 'no vessel');
CREATE VIRTUAL TABLE search USING fts5(title, body, content='note');
INSERT INTO search(search) VALUES ('rebuild');
