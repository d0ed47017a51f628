CREATE TABLE "道"("Länge" INT CHECK ("Länge" > 0), 名前 TEXT);
