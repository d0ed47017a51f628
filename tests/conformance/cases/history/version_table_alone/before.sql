CREATE TABLE limbeck_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT limbeck_version_pkc PRIMARY KEY (version_num));
INSERT INTO limbeck_version VALUES ('0001');
CREATE TABLE a(x);
INSERT INTO a VALUES ('kept');
