-- revises:
CREATE TABLE one(a);
