UPDATE p SET n = n + 50 WHERE id = 2;
