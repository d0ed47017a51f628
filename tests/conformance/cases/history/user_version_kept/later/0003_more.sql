-- migrate:up
INSERT INTO kept SELECT user_version FROM pragma_user_version;
-- migrate:down
SELECT 1;
