CREATE TABLE t(a, b, c, CONSTRAINT pair UNIQUE (a, b));
