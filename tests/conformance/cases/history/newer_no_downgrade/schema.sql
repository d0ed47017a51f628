CREATE TABLE tags(a);
