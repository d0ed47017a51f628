-- revision: b1
-- revises:
-- branch_labels: b
-- migrate:up
CREATE TABLE b1(x);
-- migrate:down
DROP TABLE b1;
