ALTER TABLE books ALTER COLUMN title AFTER id, RENAME CONSTRAINT written_by TO by_whom;
