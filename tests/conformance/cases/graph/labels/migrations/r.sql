-- revision: root
-- migrate:up
CREATE TABLE root(a);
-- migrate:down
DROP TABLE root;
