CREATE TABLE note(id INTEGER PRIMARY KEY, body TEXT);
INSERT INTO note VALUES (2, 'a still');
CREATE VIRTUAL TABLE words USING fts5(body, content='note', content_rowid='id');
INSERT INTO words(words) VALUES ('rebuild');
CREATE VIEW found AS SELECT rowid, body FROM words;
CREATE TRIGGER note_added AFTER INSERT ON note BEGIN
  INSERT INTO words(rowid, body) VALUES (new.id, new.body);
END;
