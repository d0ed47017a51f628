CREATE TABLE other(a);
