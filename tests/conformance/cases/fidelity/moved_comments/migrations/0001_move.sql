-- migrate:up
ALTER TABLE t ALTER d FIRST, ALTER a AFTER c, DROP b;
-- migrate:down
ALTER TABLE t ADD b INT AFTER d, ALTER a AFTER d, ALTER d AFTER c;
