-- make a300
-- revision: a300
-- revises: a200

-- migrate:up
CREATE TABLE plans(name);
-- migrate:down
DROP TABLE plans;
