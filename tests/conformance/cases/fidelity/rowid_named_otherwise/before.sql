CREATE TABLE t(rowid TEXT, a);
INSERT INTO t(_rowid_, rowid, a) VALUES (5, 'x', 1), (2, 'y', 2);
