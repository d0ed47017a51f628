-- migrate:up
ALTER TABLE notes ALTER title FIRST;

-- migrate:down
ALTER TABLE notes ALTER id FIRST;
