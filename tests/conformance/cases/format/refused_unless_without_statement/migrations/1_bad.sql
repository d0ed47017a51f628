SELECT 1;
-- migrate:unless SELECT 1
