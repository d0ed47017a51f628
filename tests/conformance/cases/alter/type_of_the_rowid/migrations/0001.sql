ALTER TABLE t ALTER id TYPE INT;
CREATE TABLE kept AS SELECT rowid AS number, id FROM t ORDER BY 1;
INSERT INTO t VALUES (NULL, 'a key that is not the rowid may be NULL');
