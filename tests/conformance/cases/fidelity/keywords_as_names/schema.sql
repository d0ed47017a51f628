CREATE INDEX "index" ON "table"("order", "primary" DESC) WHERE "references" IS NOT NULL;

CREATE TABLE "table"("order" INT, "default" INT DEFAULT 7, [check] TEXT NOT NULL, `primary` INT, "constraint" TEXT, key TEXT, "references" INT,
  action TEXT, "generated" INT, UNIQUE ("check", key), CONSTRAINT "unique" CHECK ("references" > 0));
