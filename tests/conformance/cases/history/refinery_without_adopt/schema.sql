CREATE TABLE refinery_schema_history(version INT4 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), checksum VARCHAR(255));

CREATE TABLE users(id INTEGER PRIMARY KEY);
