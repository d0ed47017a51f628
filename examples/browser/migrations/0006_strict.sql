-- Every note has a title, and types are checked
--
-- revises: 0005

-- migrate:up
UPDATE notes SET title = 'Untitled' WHERE title IS NULL;
UPDATE notes SET created = CURRENT_TIMESTAMP WHERE created IS NULL;
ALTER TABLE notes
    ALTER title SET NOT NULL,
    ALTER title SET DEFAULT 'Untitled',
    ALTER created SET NOT NULL,
    ALTER created SET DEFAULT CURRENT_TIMESTAMP,
    ALTER pinned AFTER title,
    SET STRICT;

-- migrate:down
ALTER TABLE notes
    ALTER title DROP NOT NULL,
    ALTER title DROP DEFAULT,
    ALTER created DROP NOT NULL,
    ALTER created DROP DEFAULT,
    ALTER pinned AFTER created,
    SET NOT STRICT;
