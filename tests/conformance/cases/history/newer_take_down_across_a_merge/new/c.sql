-- revision: c
-- revises: a, b
-- migrate:up
ALTER TABLE a ADD y INT NOT NULL DEFAULT 0;
-- migrate:down
ALTER TABLE a DROP y;
