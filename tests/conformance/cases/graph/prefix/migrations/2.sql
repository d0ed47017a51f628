-- abcd2222
-- revision: abcd2222
-- revises: abcd1111

-- migrate:up
CREATE TABLE t_abcd2222(a);

-- migrate:down
DROP TABLE t_abcd2222;
