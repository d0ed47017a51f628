-- revision:
SELECT 1;
