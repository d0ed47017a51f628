CREATE TABLE a(x, -- one
  y);
