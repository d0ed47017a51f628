CREATE INDEX i ON t("order") WHERE "order" > 5;

CREATE TABLE seen(x INT);

CREATE TABLE t("order" INT CHECK ("order" > 0), b INT AS ("order" + 1));

CREATE VIEW v(x) AS SELECT "order" FROM t;
