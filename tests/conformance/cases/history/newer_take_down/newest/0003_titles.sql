-- Titles are needed

-- migrate:up
ALTER TABLE notes ALTER title SET NOT NULL;

-- migrate:down
ALTER TABLE notes ALTER title DROP NOT NULL;
