CREATE TABLE t(c INT /* the last */);
