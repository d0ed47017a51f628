-- revision: a
-- revises:
CREATE TABLE a(x);
