-- migrate:up transaction:false
DROP TABLE notes;
CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT NOT NULL);
DROP TABLE log;
