ALTER TABLE kids RENAME TO kids_old;
CREATE TABLE kids(id TEXT PRIMARY KEY, p INT REFERENCES parents(id), a TEXT);
INSERT INTO kids(id, p) SELECT id, p FROM kids_old ORDER BY id DESC;
DROP TABLE kids_old;
