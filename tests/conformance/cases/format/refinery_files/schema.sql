CREATE TABLE cars(name, maker);
