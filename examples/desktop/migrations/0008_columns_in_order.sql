-- A note's columns in the order in which the app shows them
--
-- created: 2026-04-02 09:00:00

-- migrate:up
ALTER TABLE notes ALTER folder_id AFTER id, ALTER pinned AFTER folder_id;

-- migrate:down
ALTER TABLE notes ALTER folder_id AFTER created, ALTER pinned AFTER created;
