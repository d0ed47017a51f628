PRAGMA case_sensitive_like = ON;
CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT);
INSERT INTO t VALUES (1, 'A1'), (2, 'a2');
