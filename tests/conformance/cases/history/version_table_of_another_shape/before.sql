CREATE TABLE limbeck_version (what TEXT);
INSERT INTO limbeck_version VALUES ('mine');
