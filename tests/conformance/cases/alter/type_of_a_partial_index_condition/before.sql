CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT);
CREATE INDEX ones ON t(b) WHERE a = '1';
INSERT INTO t VALUES (1, '1', 'one'), (2, '01', 'zero one'), (3, '2', 'two');
