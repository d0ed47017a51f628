-- revision: m2
-- revises: b, a
-- migrate:up
INSERT INTO log(what) VALUES ('m2');
-- migrate:down
DELETE FROM log WHERE what = 'm2';
