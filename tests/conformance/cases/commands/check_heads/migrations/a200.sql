-- make a200
-- revision: a200
-- revises: a100

-- migrate:up
ALTER TABLE users ADD phone TEXT;
-- migrate:down
ALTER TABLE users DROP phone;
