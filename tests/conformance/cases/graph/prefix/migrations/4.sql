-- xyz
-- revision: xyz
-- revises: beef3333

-- migrate:up
CREATE TABLE t_xyz(a);

-- migrate:down
DROP TABLE t_xyz;
