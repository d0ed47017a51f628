CREATE TABLE root(x);

CREATE TABLE tags(x);
