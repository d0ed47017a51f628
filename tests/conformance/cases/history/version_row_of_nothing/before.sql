CREATE TABLE limbeck_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO limbeck_version VALUES ('');
