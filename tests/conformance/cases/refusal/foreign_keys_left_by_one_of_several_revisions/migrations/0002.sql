-- two lines
DELETE FROM p WHERE id = 2;
