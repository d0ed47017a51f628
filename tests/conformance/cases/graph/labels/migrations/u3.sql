-- revision: u3
-- revises: u2
-- migrate:up
CREATE TABLE u3(a);
-- migrate:down
DROP TABLE u3;
