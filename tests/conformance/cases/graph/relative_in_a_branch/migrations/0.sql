-- revision: root
-- migrate:up
CREATE TABLE root(x);
-- migrate:down
DROP TABLE root;
