-- migrate:up
CREATE TABLE two(a);
-- migrate:down
DROP TABLE two;
