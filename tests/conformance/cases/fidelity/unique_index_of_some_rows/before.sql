CREATE TABLE t(id INTEGER PRIMARY KEY, email TEXT, gone INT);
CREATE UNIQUE INDEX one_live ON t(email) WHERE gone IS NULL;
INSERT INTO t VALUES (1, 'a', NULL), (2, 'a', 1), (3, 'a', 1);
