ALTER TABLE t DROP a CASCADE;
CREATE TABLE statistics AS SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY 1, 2;
