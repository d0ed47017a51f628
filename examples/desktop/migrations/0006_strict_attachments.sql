-- Attachments are typed, and named once a note
--
-- created: 2025-11-14 09:00:00

-- migrate:up
ALTER TABLE attachments
    ALTER size TYPE INTEGER USING CAST(size AS INTEGER),
    ADD CONSTRAINT one_name UNIQUE (note_id, name),
    ADD CONSTRAINT real_size CHECK (size >= 0),
    SET STRICT;

-- migrate:down
ALTER TABLE attachments
    SET NOT STRICT,
    DROP CONSTRAINT real_size,
    DROP CONSTRAINT one_name,
    ALTER size TYPE TEXT;
