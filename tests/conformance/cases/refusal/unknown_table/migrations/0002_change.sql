ALTER TABLE nowhere ADD x;
