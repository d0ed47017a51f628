-- migrate:up
ALTER TABLE notes ALTER title SET NOT NULL, ADD CHECK (title <> ''), ALTER body SET DEFAULT '-';
-- migrate:down
ALTER TABLE notes ALTER title DROP NOT NULL, DROP CHECK (title <> ''), ALTER body DROP DEFAULT;
