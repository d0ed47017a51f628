CREATE TABLE child(p);
