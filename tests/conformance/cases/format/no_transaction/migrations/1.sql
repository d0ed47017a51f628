-- migrate:up transaction:false
CREATE TABLE a(x);
VACUUM;
INSERT INTO a VALUES (1);
-- migrate:down transaction:false
DROP TABLE a;
VACUUM;
