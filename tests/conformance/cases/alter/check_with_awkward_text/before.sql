CREATE TABLE t(a TEXT, "odd ""name" TEXT);
INSERT INTO t VALUES ('x', ')');
