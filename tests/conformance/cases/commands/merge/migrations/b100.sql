-- make b100
-- revision: b100
-- revises: a200
-- branch_labels: billing

-- migrate:up
CREATE TABLE invoices(id INTEGER PRIMARY KEY AUTOINCREMENT);
-- migrate:down
DROP TABLE invoices;
