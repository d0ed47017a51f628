CREATE TABLE own(id INTEGER PRIMARY KEY DESC, a TEXT);
CREATE TABLE alias(id INTEGER, a TEXT, PRIMARY KEY(id DESC));
INSERT INTO own(rowid, id, a) VALUES (1, 50, 'x'), (2, 40, 'y');
INSERT INTO alias VALUES (50, 'x'), (40, 'y');
