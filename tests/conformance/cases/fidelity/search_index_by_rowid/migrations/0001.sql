ALTER TABLE note ADD lang TEXT DEFAULT 'en' FIRST, ALTER title SET NOT NULL;
CREATE TABLE found AS SELECT rowid AS number, title FROM search WHERE search MATCH 'still' ORDER BY rowid;
INSERT INTO search(search) VALUES ('integrity-check');
DROP TABLE search;
