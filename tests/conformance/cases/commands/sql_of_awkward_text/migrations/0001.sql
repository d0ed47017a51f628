CREATE TABLE "odd ""name"(a TEXT DEFAULT 'it''s; -- no comment', 名前 TEXT /* a
comment */);
INSERT INTO "odd ""name" VALUES ('a;b', '--'), ('/*', '*/');
CREATE TRIGGER r AFTER INSERT ON "odd ""name" BEGIN SELECT CASE WHEN 1 THEN 2 END; END;
