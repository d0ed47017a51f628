ALTER TABLE t DROP PRIMARY KEY;
INSERT INTO t(a) VALUES ('no number');
CREATE TABLE counters AS SELECT name FROM sqlite_sequence;
