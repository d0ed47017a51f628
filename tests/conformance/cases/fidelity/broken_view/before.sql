CREATE TABLE t(a, b);
CREATE VIEW broken AS SELECT missing FROM nowhere;
INSERT INTO t VALUES (1, 2);
