-- revision: april
-- revises: march, february
CREATE TABLE april(a);
