-- revision: 2025_b
-- revises: 2025_a
-- aliases: 2
-- migrate:up
CREATE TABLE b(x);
-- migrate:down
DROP TABLE b;
