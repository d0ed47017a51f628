ALTER TABLE t ALTER b SET DEFAULT 4;
CREATE TABLE seen AS SELECT name, (SELECT count(*) FROM fired) AS fired FROM sqlite_temp_master WHERE type = 'trigger';
