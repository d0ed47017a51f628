-- revision: v1
-- revises: root
-- branch_labels: billing, invoices
-- migrate:up
CREATE TABLE v1(a);
-- migrate:down
DROP TABLE v1;
