CREATE TABLE t(a, b);
INSERT INTO t(rowid, a) VALUES (5, 'x'), (2, 'y'), (99, 'z');
