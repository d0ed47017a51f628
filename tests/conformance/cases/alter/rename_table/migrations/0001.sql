ALTER TABLE parent RENAME TO elders;
CREATE TABLE seen AS SELECT name, seq FROM sqlite_sequence;
