CREATE TABLE notes(title TEXT);
