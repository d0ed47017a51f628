-- revision: joined
-- revises: a, b, c
-- migrate:up
CREATE TABLE joined(x);
-- migrate:down
DROP TABLE joined;
