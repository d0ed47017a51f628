-- revision: b3
-- revises: b2, a1
CREATE TABLE b3(x);
