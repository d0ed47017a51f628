CREATE TABLE t(first TEXT, last TEXT DEFAULT 'n.n.', whole TEXT DEFAULT 'old' NOT NULL, z INT);
INSERT INTO t VALUES ('Ada', 'Lovelace', 'stored', 1);
