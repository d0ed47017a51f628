-- revision: joined
-- revises: a, b
-- migrate:up
CREATE TABLE joined(x);
-- migrate:down
DROP TABLE joined;
