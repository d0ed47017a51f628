CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b);
INSERT INTO t VALUES (1, 'x', 1), (2, 'X', 2), (3, ' y', 3), (4, 'x', NULL), (5, 'y', 5), (6, NULL, 6), (7, NULL, 7);
