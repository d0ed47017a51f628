ALTER TABLE note ADD lang TEXT DEFAULT 'en' FIRST, ALTER title SET NOT NULL;
INSERT INTO note(title, body) VALUES ('Limbeck', 'a still');
CREATE TABLE found AS SELECT rowid AS number, title FROM search WHERE search MATCH 'still' ORDER BY rowid;
INSERT INTO search(search) VALUES ('integrity-check');
DROP TRIGGER added;
DROP TABLE search;
