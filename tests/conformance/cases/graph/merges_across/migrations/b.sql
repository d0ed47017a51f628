-- revision: b
-- revises: root
-- migrate:up
INSERT INTO log(what) VALUES ('b');
-- migrate:down
DELETE FROM log WHERE what = 'b';
