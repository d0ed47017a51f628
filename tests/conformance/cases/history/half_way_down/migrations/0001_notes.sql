-- migrate:up
CREATE TABLE notes(title);
CREATE TABLE tags(name);

-- migrate:down transaction:false
DROP TABLE tags;
DROP TABLE of_nobody;
DROP TABLE notes;
