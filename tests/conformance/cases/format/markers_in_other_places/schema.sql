CREATE TABLE went_down(a);
