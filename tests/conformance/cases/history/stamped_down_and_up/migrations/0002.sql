CREATE TABLE b(x, y);
