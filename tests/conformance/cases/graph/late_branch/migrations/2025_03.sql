-- revision: march
-- revises: 2025
CREATE TABLE march(a);
