CREATE TABLE second(a);
