-- migrate:unless SELECT 1
-- migrate:unless SELECT 2
CREATE TABLE t(a);
