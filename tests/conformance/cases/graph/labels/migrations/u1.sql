-- revision: u1
-- revises: root
-- branch_labels: users
-- migrate:up
CREATE TABLE u1(a);
-- migrate:down
DROP TABLE u1;
