CREATE TABLE t(name TEXT);
INSERT INTO t(rowid, name) VALUES (4, 'four'), (9, 'nine');
