-- users2
-- revision: users2
-- revises: users1

-- migrate:up
CREATE TABLE t_users2(a);

-- migrate:down
DROP TABLE t_users2;
