-- beef3333
-- revision: beef3333
-- revises: abcd2222

-- migrate:up
CREATE TABLE t_beef3333(a);

-- migrate:down
DROP TABLE t_beef3333;
