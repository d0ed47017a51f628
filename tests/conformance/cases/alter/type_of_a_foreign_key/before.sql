PRAGMA foreign_keys = ON;
CREATE TABLE parent(code TEXT PRIMARY KEY, name TEXT);
CREATE TABLE child(id INTEGER PRIMARY KEY, code TEXT REFERENCES parent(code) ON DELETE CASCADE ON UPDATE CASCADE);
INSERT INTO parent VALUES ('1', 'one'), ('2', 'two');
INSERT INTO child VALUES (1, '1'), (2, '2');
