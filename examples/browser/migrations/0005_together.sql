-- Notebooks and tags, together
--
-- revises: 0003, 0004

-- migrate:up
CREATE VIEW tagged AS
    SELECT notes.id, notebooks.name AS notebook, group_concat(tags.tag, ' ') AS tags
    FROM notes LEFT JOIN notebooks ON notebooks.id = notes.notebook LEFT JOIN tags ON tags.note = notes.id
    GROUP BY notes.id;

-- migrate:down
DROP VIEW tagged;
