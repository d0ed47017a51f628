-- revision: a
-- revises: root
-- migrate:up
INSERT INTO log(what) VALUES ('a');
-- migrate:down
DELETE FROM log WHERE what = 'a';
