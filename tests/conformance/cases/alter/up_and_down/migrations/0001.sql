-- migrate:up
ALTER TABLE t ALTER a SET DEFAULT 'x';
-- migrate:down
ALTER TABLE t ALTER a DROP DEFAULT;
