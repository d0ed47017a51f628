-- revises: 0001
CREATE TABLE own(a);
