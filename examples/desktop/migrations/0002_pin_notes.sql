-- Pin notes to the top
--
-- created: 2025-02-01 09:00:00

-- migrate:up
ALTER TABLE notes ADD COLUMN IF NOT EXISTS pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1));

-- migrate:down
ALTER TABLE notes DROP COLUMN pinned;
