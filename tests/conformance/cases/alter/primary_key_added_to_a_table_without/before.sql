CREATE TABLE t(code TEXT, a INT);
INSERT INTO t(rowid, code, a) VALUES (4, 'x', 1), (9, 'a', 2);
