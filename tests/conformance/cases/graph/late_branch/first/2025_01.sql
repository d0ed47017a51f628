-- revises:
CREATE TABLE january(a);
