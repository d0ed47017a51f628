CREATE TABLE "odd ""name"(名前 TEXT, /* a
comment */ a TEXT DEFAULT 'it''s; -- no comment' NOT NULL);

CREATE TRIGGER r AFTER INSERT ON "odd ""name" BEGIN SELECT CASE WHEN 1 THEN 2 END; END;
