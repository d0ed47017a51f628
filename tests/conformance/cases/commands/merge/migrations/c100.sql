-- make c100
-- revision: c100
-- revises: 
-- branch_labels: audit
-- depends_on: b100

-- migrate:up
CREATE TABLE audit(what);
-- migrate:down
DROP TABLE audit;
