-- migrate:up
ALTER TABLE words RENAME TO "search words";
INSERT INTO note VALUES (7, 'another still');
CREATE TABLE seen AS SELECT rowid AS id FROM found WHERE body LIKE '%still';

-- migrate:down
DROP TABLE seen;
ALTER TABLE "search words" RENAME TO words;
