-- migrate:up
CREATE TABLE t(a);
-- migrate:down
DROP TABLE t;
-- migrate:down
SELECT 1;
