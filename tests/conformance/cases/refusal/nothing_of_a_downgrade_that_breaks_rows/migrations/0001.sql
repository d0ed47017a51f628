-- migrate:up
ALTER TABLE t ALTER a DROP NOT NULL;
INSERT INTO t VALUES (2, NULL);
-- migrate:down

-- back to what it was
ALTER TABLE t ALTER a SET NOT NULL;
