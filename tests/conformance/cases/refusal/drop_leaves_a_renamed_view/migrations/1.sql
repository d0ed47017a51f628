CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, body TEXT);
CREATE VIEW v AS SELECT id, title FROM notes;
INSERT INTO notes VALUES (1, 'a', 'b');
