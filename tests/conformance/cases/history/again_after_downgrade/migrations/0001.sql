-- migrate:up
CREATE TABLE a(y);
-- migrate:down
DROP TABLE a;
