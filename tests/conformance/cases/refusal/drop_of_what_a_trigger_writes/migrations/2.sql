UPDATE notes SET title = 'b';
DROP TABLE log;
