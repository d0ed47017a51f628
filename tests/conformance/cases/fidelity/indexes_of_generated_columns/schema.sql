CREATE UNIQUE INDEX by_low ON t(low);

CREATE INDEX by_size ON t(size DESC, low) WHERE size > 2;

CREATE TABLE found(id INT);

CREATE TABLE t(z INT, id INTEGER PRIMARY KEY, name TEXT, low TEXT AS (lower(name)) VIRTUAL, size INT AS (length(name)) STORED);
