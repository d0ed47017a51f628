CREATE TABLE a(x);
-- migrate:unless SELECT 1 FROM pragma_table_info('old') WHERE name = 'y'
ALTER TABLE old ADD y;
-- migrate:unless SELECT 1 FROM a
INSERT INTO a VALUES ('added');
-- migrate:unless SELECT 1 FROM a
INSERT INTO a VALUES ('not added');
