CREATE TABLE tenth(a);
