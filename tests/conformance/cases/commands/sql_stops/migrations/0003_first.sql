-- migrate:up
-- migrate:unless SELECT 1 FROM notes WHERE title = 'a'
INSERT INTO notes(title) VALUES ('a');
-- migrate:unless SELECT 1 FROM notes WHERE title = 'c'
INSERT INTO notes(title) VALUES ('c');
-- migrate:down
