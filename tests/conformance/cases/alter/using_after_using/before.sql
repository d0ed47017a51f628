CREATE TABLE t(id INTEGER PRIMARY KEY, first TEXT, last TEXT);
INSERT INTO t VALUES (1, 'Ada', 'Lovelace'), (2, 'Alan', 'Turing');
