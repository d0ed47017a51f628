CREATE TABLE t(k TEXT, n INT, v, PRIMARY KEY (k, n DESC)) WITHOUT ROWID;
INSERT INTO t VALUES ('b', 1, 'x'), ('a', 2, 'y'), ('a', 3, 'z');
