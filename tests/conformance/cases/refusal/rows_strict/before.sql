CREATE TABLE t(a INT, b TEXT, c REAL, d BLOB);
INSERT INTO t VALUES (1, 'x', 1, NULL), ('x', x'00', 'x', 'x'), (1.5, 1, '2.5', x'');
