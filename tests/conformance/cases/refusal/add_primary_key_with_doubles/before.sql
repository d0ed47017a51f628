CREATE TABLE t(a INT, b TEXT);
INSERT INTO t VALUES (1, 'x'), (2, 'x'), (1, 'x'), (NULL, 'x'), (NULL, 'x');
