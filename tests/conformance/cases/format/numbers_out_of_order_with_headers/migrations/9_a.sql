-- revises: 1
CREATE TABLE nine(a);
