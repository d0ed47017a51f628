-- revision: b1
-- revises:
CREATE TABLE a(x);
