CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT);
CREATE INDEX titles ON notes(title);
