-- migrate:up
CREATE VIEW v AS SELECT id, title FROM notes;
-- migrate:down
DROP VIEW v;
CREATE VIEW v AS SELECT title FROM notes;
