PRAGMA foreign_keys = ON;
CREATE TABLE node(id INTEGER PRIMARY KEY, up INT);
INSERT INTO node VALUES (1, NULL), (2, 1), (3, 3);
