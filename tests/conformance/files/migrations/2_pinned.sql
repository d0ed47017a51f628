-- migrate:up
ALTER TABLE notes ADD pinned INT NOT NULL DEFAULT 0;

-- migrate:down
ALTER TABLE notes DROP pinned;
