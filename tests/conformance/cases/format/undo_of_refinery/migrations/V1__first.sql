CREATE TABLE first(a);
