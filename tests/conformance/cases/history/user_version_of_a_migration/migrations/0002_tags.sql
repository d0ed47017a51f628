CREATE TABLE tags(name);
