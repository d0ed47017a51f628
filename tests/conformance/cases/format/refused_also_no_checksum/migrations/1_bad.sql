-- also: 123
SELECT 1;
