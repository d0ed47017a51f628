ALTER TABLE t ALTER b FIRST;
ALTER TABLE w ADD b INT DEFAULT 5 FIRST;
CREATE TABLE numbers AS SELECT rowid AS number, a FROM t ORDER BY rowid;
PRAGMA reverse_unordered_selects = OFF;
