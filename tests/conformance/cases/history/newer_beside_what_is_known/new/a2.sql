-- revision: a2
-- revises: a1
CREATE TABLE a2(x);
