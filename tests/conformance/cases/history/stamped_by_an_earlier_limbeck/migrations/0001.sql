CREATE TABLE a(x, y);
