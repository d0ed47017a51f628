-- migrate:up
CREATE TABLE a(x);
-- migrate:down
ALTER TABLE a RENAME TO former_a;
