-- abcd1111
-- revision: abcd1111
-- revises:

-- migrate:up
CREATE TABLE t_abcd1111(a);

-- migrate:down
DROP TABLE t_abcd1111;
