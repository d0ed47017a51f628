-- migrate:up
ALTER TABLE t DROP COLUMN b;
