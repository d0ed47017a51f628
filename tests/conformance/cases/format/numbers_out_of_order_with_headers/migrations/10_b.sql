-- revises: 9
CREATE TABLE ten(a);
