CREATE TABLE "table"("order" INT, [check] TEXT, `primary` INT, "constraint" TEXT DEFAULT 'default', key INT, "references" INT,
  action TEXT, "generated" INT, "as" INT, UNIQUE ("check", key));
CREATE INDEX "index" ON "table"("order", "primary" DESC) WHERE "references" IS NOT NULL;
INSERT INTO "table" VALUES (1, 'c', 2, 'x', 3, 4, 'a', 5, 6);
