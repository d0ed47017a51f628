ALTER TABLE books RENAME CONSTRAINT by_author TO written_by, ADD COLUMN title TEXT;
