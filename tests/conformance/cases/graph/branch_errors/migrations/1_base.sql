-- root
-- revision: root
-- revises:

-- migrate:up
CREATE TABLE t_root(a);

-- migrate:down
DROP TABLE t_root;
