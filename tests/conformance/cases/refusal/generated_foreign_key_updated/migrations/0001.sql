UPDATE s SET n = 50;
UPDATE v SET n = 'x60';
