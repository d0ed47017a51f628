-- migrate:up
CREATE TABLE notes(title);

-- migrate:down
DROP TABLE notes;
