-- revision: x
-- revision: y
SELECT 1;
