-- revision: b1
-- revises: root
-- branch_labels: b
-- migrate:up
CREATE TABLE b1(x);
-- migrate:down
DROP TABLE b1;
