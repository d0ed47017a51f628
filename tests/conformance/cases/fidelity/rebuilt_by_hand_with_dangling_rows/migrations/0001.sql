CREATE TABLE kids_new(id INTEGER PRIMARY KEY, p INT REFERENCES parents(id), a TEXT);
INSERT INTO kids_new(id, p) SELECT id, p FROM kids;
DROP TABLE kids;
ALTER TABLE kids_new RENAME TO kids;
