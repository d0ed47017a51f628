CREATE TABLE refinery_schema_history(version INT4 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), checksum VARCHAR(255));
INSERT INTO refinery_schema_history VALUES (1, 'users', '2024-01-01T00:00:00Z', '7');
CREATE TABLE users(id INTEGER PRIMARY KEY);
