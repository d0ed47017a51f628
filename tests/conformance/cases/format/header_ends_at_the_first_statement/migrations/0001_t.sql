CREATE TABLE t(a);
-- revision: other
-- revises: nowhere
