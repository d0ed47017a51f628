-- Title
-- revision: w1
-- revises:

-- migrate:up
CREATE TABLE a(x, -- one
  y);
INSERT INTO a VALUES (1, 2);
-- migrate:down
DROP TABLE a;
