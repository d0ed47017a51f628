CREATE TABLE "100%_x*?[a]"("a_b" INT, axb INT, " " INT, "
" INT, "" INT);
CREATE INDEX "%" ON "100%_x*?[a]"("a_b", "");
INSERT INTO "100%_x*?[a]" VALUES (1, 2, 3, 4, 5);
