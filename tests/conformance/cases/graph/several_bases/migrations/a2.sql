-- revision: a2
-- revises: a1
-- migrate:up
CREATE TABLE a2(x);
-- migrate:down
DROP TABLE a2;
