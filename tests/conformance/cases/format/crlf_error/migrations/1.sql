-- migrate:up
SELECT 1;

COMMIT;
