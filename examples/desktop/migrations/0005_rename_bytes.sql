-- Attachments have a size
--
-- created: 2025-08-02 09:00:00

-- migrate:up
ALTER TABLE attachments RENAME COLUMN bytes TO size;

-- migrate:down
ALTER TABLE attachments RENAME COLUMN size TO bytes;
