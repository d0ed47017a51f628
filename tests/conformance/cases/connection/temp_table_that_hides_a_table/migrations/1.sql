UPDATE items SET a = a + 1;
UPDATE items SET a = a + 1;
UPDATE main.other SET a = a + 1;
DROP TABLE temp.items;
DROP TABLE temp.other;
