CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, kind TEXT AS (typeof(a)), s TEXT AS (a || '!') STORED);
INSERT INTO t(id, a) VALUES (1, '007'), (2, 'x');
