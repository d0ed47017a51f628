CREATE TABLE notes(title);
