INSERT INTO parent VALUES (3, 'b');
