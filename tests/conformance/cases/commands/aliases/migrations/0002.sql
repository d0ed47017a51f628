-- revises: old1
-- aliases: old2, older2

-- migrate:up
CREATE TABLE b(x);
-- migrate:down
DROP TABLE b;
