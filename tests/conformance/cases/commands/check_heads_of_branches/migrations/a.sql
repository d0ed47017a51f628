-- revision: a1
-- revises:
-- branch_labels: a
SELECT 1;
