CREATE TABLE nine(a);

CREATE TABLE one(a);

CREATE TABLE ten(a);
