-- migrate:up transaction:false
CREATE TABLE tags(name);
DROP TABLE of_nobody;
