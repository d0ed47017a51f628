-- revision: b1
-- revises:
-- branch_labels: b
CREATE TABLE b(x);
