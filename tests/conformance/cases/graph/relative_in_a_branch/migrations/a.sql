-- revision: a1
-- revises: root
-- branch_labels: a
-- migrate:up
CREATE TABLE a1(x);
-- migrate:down
DROP TABLE a1;
