-- revision: z1
-- revises:
-- aliases: 1

-- migrate:up
CREATE TABLE a(x, y, z);
-- migrate:down
DROP TABLE a;
