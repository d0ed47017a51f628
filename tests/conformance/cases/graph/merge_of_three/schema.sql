CREATE TABLE root(x);
