CREATE TABLE notes(title);
PRAGMA user_version = 3;
