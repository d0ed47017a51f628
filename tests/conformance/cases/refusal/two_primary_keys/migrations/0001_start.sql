CREATE TABLE first(x);
