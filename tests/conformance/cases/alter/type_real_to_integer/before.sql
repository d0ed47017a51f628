CREATE TABLE t(id INTEGER PRIMARY KEY, r REAL);
INSERT INTO t VALUES (1, 1), (2, 2.5), (3, -0.0), (4, 1e15), (5, 9e999), (6, NULL), (7, 'word'), (8, x'31');
