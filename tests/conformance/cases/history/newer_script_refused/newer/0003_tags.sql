-- migrate:up
CREATE TABLE tags(a);
-- migrate:down
DROP TABLE tags;
