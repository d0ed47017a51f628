-- migrate:up
CREATE TABLE t3(a);
-- migrate:down
DROP TABLE t3;
