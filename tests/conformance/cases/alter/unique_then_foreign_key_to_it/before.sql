PRAGMA foreign_keys = ON;
CREATE TABLE parent(id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE child(code TEXT);
INSERT INTO parent VALUES (1, 'a'), (2, 'b');
INSERT INTO child VALUES ('a'), (NULL);
