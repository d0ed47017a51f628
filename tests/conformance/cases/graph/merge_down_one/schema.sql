CREATE TABLE t_joined(a);

CREATE TABLE t_mail1(a);

CREATE TABLE t_root(a);

CREATE TABLE t_users1(a);

CREATE TABLE t_users2(a);
