CREATE INDEX "%" ON "100%_x*?[a]"("a_b", "");

CREATE TABLE "100%_x*?[a]"(" " INT, "a_b" INT, "
" INT, "" INT NOT NULL);
