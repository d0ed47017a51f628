ALTER TABLE sqlite_sequence ADD x INT;
