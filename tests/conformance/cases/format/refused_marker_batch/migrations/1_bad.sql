-- migrate:batch 10
SELECT 1;
