ALTER TABLE "table" ALTER "check" SET NOT NULL, ADD "default" INT DEFAULT 7 AFTER "order", DROP COLUMN "as";
