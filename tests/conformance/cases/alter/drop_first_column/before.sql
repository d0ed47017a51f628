CREATE TABLE t(a, b, c);
INSERT INTO t(rowid, a, b, c) VALUES (1, 'a1', 'b1', 'c1'), (7, 'a7', 'b7', 'c7');
