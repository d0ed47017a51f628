-- revision: b1
-- revises: b3
CREATE TABLE b1(x);
