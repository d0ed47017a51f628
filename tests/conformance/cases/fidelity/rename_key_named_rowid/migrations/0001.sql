-- migrate:up
ALTER TABLE key RENAME COLUMN id TO number;
