CREATE TABLE t(b, c);
