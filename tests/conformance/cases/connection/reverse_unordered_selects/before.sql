PRAGMA reverse_unordered_selects = ON;
CREATE TABLE t(a TEXT, b INT);
INSERT INTO t(rowid, a, b) VALUES (3, 'three', 3), (1, 'one', 1), (8, 'eight', 8);
CREATE TABLE w(k TEXT PRIMARY KEY, a INT) WITHOUT ROWID;
INSERT INTO w VALUES ('b', 1), ('a', 2);
