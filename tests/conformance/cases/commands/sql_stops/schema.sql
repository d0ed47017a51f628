CREATE INDEX mine ON notes(body);

CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, body TEXT);
