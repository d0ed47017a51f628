CREATE TABLE t(a);
INSERT INTO t(rowid, a) VALUES (3, 'three'), (8, 'eight');
