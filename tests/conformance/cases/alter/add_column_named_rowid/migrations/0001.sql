ALTER TABLE t ADD rowid TEXT DEFAULT 'own';
CREATE TABLE numbers AS SELECT _rowid_ AS number, a FROM t ORDER BY 1;
