-- revision: v2
-- revises: v1
-- migrate:up
CREATE TABLE v2(a);
-- migrate:down
DROP TABLE v2;
