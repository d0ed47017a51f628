CREATE TABLE t(a, c);
