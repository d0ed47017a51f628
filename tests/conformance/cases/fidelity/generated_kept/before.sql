CREATE TABLE t(a INT, v INT AS (a * 2), s INT GENERATED ALWAYS AS (a * 3) STORED, b);
CREATE INDEX i ON t(v);
INSERT INTO t(a, b) VALUES (1, 'x'), (2, 'y');
