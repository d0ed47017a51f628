CREATE TABLE new_parent(id INTEGER PRIMARY KEY, a TEXT NOT NULL);
INSERT INTO new_parent SELECT id, a FROM parent;
DROP TABLE parent;
ALTER TABLE new_parent RENAME TO parent;
