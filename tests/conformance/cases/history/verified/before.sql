CREATE TABLE mine(a);
