CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, low TEXT AS (lower(name)) VIRTUAL, size INT AS (length(name)) STORED, z INT);
CREATE UNIQUE INDEX by_low ON t(low);
CREATE INDEX by_size ON t(size DESC, low) WHERE size > 2;
INSERT INTO t(id, name, z) VALUES (1, 'Ada', 1), (2, 'ALAN', 2), (3, 'Bo', 3);
