-- revision: u2
-- revises: u1
-- migrate:up
CREATE TABLE u2(a);
-- migrate:down
DROP TABLE u2;
