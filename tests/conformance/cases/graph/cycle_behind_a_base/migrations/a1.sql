-- revision: a1
-- revises:
CREATE TABLE a(x);
