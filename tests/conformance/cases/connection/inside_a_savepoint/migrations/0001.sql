-- migrate:up
ALTER TABLE t ALTER b FIRST;
-- migrate:down
ALTER TABLE t ALTER a FIRST;
