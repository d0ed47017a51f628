CREATE TABLE "straße"("größe" INT CHECK ("größe" > 0), 名前 TEXT);
INSERT INTO straße VALUES (1, '東京');
