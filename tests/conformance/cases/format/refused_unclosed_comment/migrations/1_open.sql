CREATE TABLE t(a);
/* and here it goes on
DROP TABLE t;
