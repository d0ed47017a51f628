-- revision: february
-- revises: 2025
CREATE TABLE february(a);
