UPDATE c SET p = 2 WHERE a = 'x';
UPDATE c SET p = 99 WHERE a = 'y';
