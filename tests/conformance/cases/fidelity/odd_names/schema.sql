CREATE INDEX "in dex" ON "my ""table"""("a b", "order");

CREATE TABLE "my ""table"""("a b" TEXT DEFAULT 'd', "order" INT, `from` REAL, "group" INT, "größe" BLOB, 's' INT);
