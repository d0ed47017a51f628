CREATE TABLE items(a);

CREATE TABLE other(a);
