ALTER TABLE own ALTER a FIRST;
ALTER TABLE alias ALTER a FIRST;
CREATE TABLE numbers AS SELECT 'own' AS what, rowid AS number, id FROM own UNION ALL SELECT 'alias', rowid, id FROM alias ORDER BY 1, 2;
