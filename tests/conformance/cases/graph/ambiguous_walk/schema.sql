CREATE TABLE t_root(a);
