-- Every note has a title and a time
--
-- created: 2025-05-20 09:00:00

-- migrate:up
UPDATE notes SET title = 'Untitled' WHERE title IS NULL;
UPDATE notes SET created = CURRENT_TIMESTAMP WHERE created IS NULL;
ALTER TABLE notes
    ALTER title SET NOT NULL,
    ALTER title SET DEFAULT 'Untitled',
    ALTER created SET NOT NULL,
    ALTER created SET DEFAULT CURRENT_TIMESTAMP;

-- migrate:down
ALTER TABLE notes
    ALTER title DROP NOT NULL,
    ALTER title DROP DEFAULT,
    ALTER created DROP NOT NULL,
    ALTER created DROP DEFAULT;
