-- revision: abcd
-- revises:
CREATE TABLE one(a);
