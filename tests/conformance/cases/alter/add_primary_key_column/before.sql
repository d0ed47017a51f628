CREATE TABLE t(name TEXT);
INSERT INTO t(rowid, name) VALUES (2, 'two'), (5, 'five'), (9, 'nine');
