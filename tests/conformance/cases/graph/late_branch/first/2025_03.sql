-- revises: 2025
-- revision: march
CREATE TABLE march(a);
