-- revision: m1
-- revises: a, b
-- migrate:up
INSERT INTO log(what) VALUES ('m1');
-- migrate:down
DELETE FROM log WHERE what = 'm1';
