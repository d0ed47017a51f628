-- revision: 2025_c
-- revises: 2025_b
-- migrate:up
CREATE TABLE c(x);
-- migrate:down
DROP TABLE c;
