-- make a100
-- revision: a100
-- revises: 

-- migrate:up
CREATE TABLE users(id INTEGER PRIMARY KEY, email TEXT);
-- migrate:down
DROP TABLE users;
