CREATE TABLE status(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE t(id INTEGER PRIMARY KEY, status TEXT);
INSERT INTO status VALUES (1, 'open'), (2, 'done');
INSERT INTO t VALUES (1, 'done'), (2, 'open'), (3, 'lost');
