CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT);
CREATE INDEX by_title ON notes(title);
