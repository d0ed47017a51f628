ALTER TABLE nowhere.t ADD b INT;
