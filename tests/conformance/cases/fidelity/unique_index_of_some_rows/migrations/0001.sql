ALTER TABLE t ALTER gone FIRST;
INSERT OR IGNORE INTO t(email, gone) VALUES ('a', NULL), ('a', 1);
