PRAGMA trusted_schema = OFF;
CREATE TABLE t(a TEXT, b INT);
CREATE VIEW v AS SELECT upper(a) AS a FROM t;
INSERT INTO t VALUES ('x', 1);
