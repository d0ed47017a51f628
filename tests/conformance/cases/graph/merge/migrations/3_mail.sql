-- mail1
-- revision: mail1
-- revises: root
-- branch_labels: mail

-- migrate:up
CREATE TABLE t_mail1(a);

-- migrate:down
DROP TABLE t_mail1;
