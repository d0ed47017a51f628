-- Notes can be pinned
--
-- revises: 0001

-- migrate:up
ALTER TABLE notes ADD COLUMN IF NOT EXISTS pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1));
CREATE INDEX notes_pinned ON notes(id) WHERE pinned;

-- migrate:down
DROP INDEX notes_pinned;
ALTER TABLE notes DROP COLUMN pinned;
