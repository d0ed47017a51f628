CREATE TABLE t(id INT, a);
INSERT INTO t VALUES (1, 'a'), (NULL, 'b'), ('x', 'c'), (2.5, 'd'), (1.0, 'e'), (7, 'f');
