CREATE TABLE t(id INTEGER PRIMARY KEY, a DEFAULT -1.5e3, b DEFAULT 'it''s; -- no comment', c DEFAULT x'00ff', d DEFAULT NULL, e DEFAULT TRUE, f DEFAULT (1 + 1), g DEFAULT (upper('g')), h DEFAULT +7);
