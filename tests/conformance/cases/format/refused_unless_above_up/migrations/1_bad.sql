-- migrate:unless SELECT 1
-- migrate:up
CREATE TABLE t(a);
