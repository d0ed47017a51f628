CREATE TABLE "s"(t INT, a INT);

CREATE TRIGGER r AFTER INSERT ON "s" WHEN new.t > 0 BEGIN UPDATE "s" SET a = t WHERE rowid = new.rowid; END;

CREATE VIEW v AS WITH t AS (SELECT 5 AS x) SELECT x, 't' AS name FROM t;

CREATE VIEW w AS SELECT "s".t FROM "s" AS u, "s";
