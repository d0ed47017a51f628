-- revision: t1
-- revises:
-- branch_labels: tax
-- migrate:up
CREATE TABLE t1(rate);
INSERT INTO t1 VALUES (19);
-- migrate:down
DROP TABLE t1;
