-- revision: b2
-- revises: b1
CREATE TABLE b2(x);
