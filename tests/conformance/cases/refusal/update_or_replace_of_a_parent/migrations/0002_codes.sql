UPDATE OR REPLACE parent SET code = 'b' WHERE id = 1;
