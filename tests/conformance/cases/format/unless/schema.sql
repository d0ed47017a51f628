CREATE TABLE a(x);

CREATE TABLE old(x, y);
