CREATE TABLE parent(a INT, b TEXT, PRIMARY KEY (a, b));
CREATE TABLE child(id INTEGER PRIMARY KEY, a INT, b TEXT);
INSERT INTO parent VALUES (1, 'x');
INSERT INTO child VALUES (1, 1, 'x'), (2, 1, NULL), (3, NULL, 'nowhere');
