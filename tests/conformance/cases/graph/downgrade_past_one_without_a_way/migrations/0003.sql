-- migrate:up
CREATE TABLE three(a);
-- migrate:down
DROP TABLE three;
