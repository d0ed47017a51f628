-- revision: b1
-- revises:
SELECT 1;
