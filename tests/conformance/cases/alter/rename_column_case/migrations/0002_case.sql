-- migrate:up
ALTER TABLE t RENAME COLUMN name TO Name;

-- migrate:down
ALTER TABLE t RENAME COLUMN Name TO name;
