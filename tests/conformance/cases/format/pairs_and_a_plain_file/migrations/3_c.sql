-- migrate:up
CREATE TABLE c(x);
-- migrate:down
DROP TABLE c;
