CREATE TABLE t(id INTEGER PRIMARY KEY, a INT, v INT NOT NULL AS (a * 2), z TEXT);
INSERT INTO t(id, a, z) VALUES (1, 1, 'x'), (2, 2, 'y');
