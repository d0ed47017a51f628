-- migrate:up
CREATE TABLE papers(title);

-- migrate:down
DROP TABLE IF EXISTS papers;
