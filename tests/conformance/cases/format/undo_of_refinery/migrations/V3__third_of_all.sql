CREATE TABLE third(a);
