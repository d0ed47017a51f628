-- migrate:up
CREATE TABLE a(b);
-- migrate:down
PRAGMA recursive_triggers = ON;
DROP TABLE a;
