CREATE TABLE nine(a);
