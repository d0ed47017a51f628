CREATE TABLE t_mail1(a);

CREATE TABLE t_root(a);
