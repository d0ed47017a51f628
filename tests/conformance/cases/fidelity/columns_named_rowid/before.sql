CREATE TABLE two(rowid TEXT, _rowid_ TEXT, z INT);
INSERT INTO two(oid, rowid, _rowid_, z) VALUES (5, 'a', 'b', 1), (9, 'c', 'd', 2);
