CREATE TABLE old(x, y);
