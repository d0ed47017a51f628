ALTER TABLE t ALTER c FIRST;
INSERT INTO t(id, a, b, c) VALUES (1, 'replaced', 10, 1), (3, NULL, 3, 3), (4, 'ignored', 2, 4);
