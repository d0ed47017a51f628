CREATE TABLE t(id TEXT PRIMARY KEY, a TEXT) WITHOUT ROWID;
CREATE INDEX by_a ON t(a);
INSERT INTO t VALUES ('x', '10'), ('y', '1.0'), ('z', '010'), ('w', 'abc');
