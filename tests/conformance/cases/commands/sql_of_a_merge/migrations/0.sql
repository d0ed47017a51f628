-- revision: root
-- revises:
-- migrate:up
CREATE TABLE root(x);
-- migrate:down
DROP TABLE root;
