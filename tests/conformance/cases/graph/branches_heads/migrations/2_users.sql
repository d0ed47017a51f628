-- users1
-- revision: users1
-- revises: root
-- branch_labels: users

-- migrate:up
CREATE TABLE t_users1(a);

-- migrate:down
DROP TABLE t_users1;
