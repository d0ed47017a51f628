CREATE TABLE t(id INT PRIMARY KEY, a TEXT);
INSERT INTO t(rowid, id, a) VALUES (1, 50, 'fifty'), (2, 40, 'forty');
