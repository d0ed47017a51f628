ALTER TABLE t ALTER b FIRST;
INSERT OR IGNORE INTO t(a, b) VALUES (0, 'x'), (10, 'x'), (5, ''), (2, 'xx'), (3, 'ok');
