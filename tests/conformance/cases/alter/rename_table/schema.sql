CREATE INDEX by_code ON "elders"(code);

CREATE TABLE child(p REFERENCES "elders"(id));

CREATE TABLE "elders"(id INTEGER PRIMARY KEY AUTOINCREMENT, code);

CREATE TABLE seen(name,seq);

CREATE TRIGGER r AFTER INSERT ON child BEGIN UPDATE "elders" SET code = code + 1; END;

CREATE VIEW codes AS SELECT code FROM "elders";
