-- joined
-- revision: joined
-- revises: users2, mail1

-- migrate:up
CREATE TABLE t_joined(a);

-- migrate:down
DROP TABLE t_joined;
