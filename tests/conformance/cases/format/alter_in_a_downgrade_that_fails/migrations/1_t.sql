-- migrate:up
CREATE TABLE t(a);
-- migrate:down

ALTER TABLE t
  DROP COLUMN zzz;
