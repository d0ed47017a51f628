ALTER TABLE t DROP COLUMN c100, ALTER c57 FIRST;
CREATE TABLE seen AS SELECT c1, c57, c200, (SELECT count(*) FROM pragma_table_info('t')) AS columns FROM t;
DROP TABLE t;
