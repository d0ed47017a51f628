-- revision: 2025_a
-- revises:
-- aliases: 1, first
-- migrate:up
CREATE TABLE a(x);
-- migrate:down
DROP TABLE a;
