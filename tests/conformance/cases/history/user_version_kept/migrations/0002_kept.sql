-- migrate:up
CREATE TABLE kept(user_version);
INSERT INTO kept SELECT user_version FROM pragma_user_version;
-- migrate:down
DROP TABLE kept;
