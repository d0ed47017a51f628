CREATE TABLE t(a TEXT);
INSERT INTO t(rowid, a) VALUES (5, NULL), (7, 'x'), (9, NULL);
CREATE TABLE w(k TEXT, n INT, a TEXT, PRIMARY KEY (n, k)) WITHOUT ROWID;
INSERT INTO w VALUES ('it''s', 1, NULL), ('b', 2, 'x');
