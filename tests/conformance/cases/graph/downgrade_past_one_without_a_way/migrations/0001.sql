-- migrate:up
CREATE TABLE one(a);
-- migrate:down
DROP TABLE one;
