-- migrate:up
CREATE TABLE t(a UNIQUE);
-- migrate:down
DROP TABLE t;
