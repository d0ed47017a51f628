-- migrate:up
CREATE TABLE t(a);
-- migrate:down
ROLLBACK;
