CREATE TABLE t(a INT, g INT AS (a * 2) /* computed */ VIRTUAL, z TEXT);
INSERT INTO t(a, z) VALUES (1, 'x'), (2, 'y');
