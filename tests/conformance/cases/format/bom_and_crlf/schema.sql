CREATE TABLE went(a);
