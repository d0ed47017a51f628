ALTER TABLE "table" ALTER COLUMN "constraint" DROP DEFAULT, ALTER key TYPE TEXT, ADD CONSTRAINT "unique" CHECK ("references" > 0);
