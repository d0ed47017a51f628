-- revision: root
-- revises:
-- migrate:up
CREATE TABLE log(n INTEGER PRIMARY KEY, what TEXT);
-- migrate:down
DROP TABLE log;
