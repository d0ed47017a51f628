-- Root
-- revision: root1
-- revises:
CREATE TABLE root(x);
