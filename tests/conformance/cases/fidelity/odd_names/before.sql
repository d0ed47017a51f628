CREATE TABLE "my ""table"""("a b" TEXT, [select] INT, `from` REAL, "größe" BLOB, 's' INT);
CREATE INDEX "in dex" ON "my ""table"""("a b", [select]);
INSERT INTO "my ""table""" VALUES ('x', 1, 1.0, x'00ff', 5);
