-- Every note has a title

-- migrate:up
UPDATE notes SET title = 'Untitled' WHERE title IS NULL;
ALTER TABLE notes ALTER title SET NOT NULL, ALTER title SET DEFAULT 'Untitled';

-- migrate:down
ALTER TABLE notes ALTER title DROP NOT NULL, ALTER title DROP DEFAULT;
