SELECT 1;
-- migrate:dwon
SELECT 2;
