CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT);
INSERT INTO notes(title) VALUES ('first'), ('second');
