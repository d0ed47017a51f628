-- revision: a1
-- revises:
-- branch_labels: a
-- migrate:up
CREATE TABLE a1(x);
-- migrate:down
DROP TABLE a1;
