-- migrate:up
CREATE TABLE t(a TEXT);
INSERT INTO t VALUES ('
-- migrate:down
');
/*
-- migrate:down
DROP TABLE t;
*/
CREATE TABLE "x
-- migrate:down
"(a);
-- migrate:down
DROP TABLE t;
DROP TABLE "x
-- migrate:down
";
CREATE TABLE went_down(a);
