CREATE TABLE t(a TEXT UNIQUE, b TEXT);
CREATE UNIQUE INDEX by_b ON t(b) WHERE b <> 'z';
INSERT INTO t VALUES ('x', 'z'), ('X', 'Z'), ('y', 'q'), ('w', 'Q');
