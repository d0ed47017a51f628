-- a@b
-- revision: a@b
-- revises:

-- migrate:up
CREATE TABLE t_a@b(a);

-- migrate:down
DROP TABLE t_a@b;
