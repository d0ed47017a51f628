-- revision: s1
-- revises:
-- branch_labels: shop
-- depends_on: tax
-- migrate:up
CREATE TABLE s1 AS SELECT rate FROM t1;
-- migrate:down
DROP TABLE s1;
