-- revision: a1
-- revises:
-- branch_labels: a
CREATE TABLE a1(x);
