-- What runs before may have repaired the rows: nothing is said of them.
-- migrate:up
ALTER TABLE users ADD CHECK (age < 3);
UPDATE log SET what = '' WHERE what IS NULL;
ALTER TABLE log ALTER what SET NOT NULL;
ALTER TABLE counters ALTER n SET NOT NULL;

-- migrate:down
