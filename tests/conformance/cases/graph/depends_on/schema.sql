CREATE TABLE t_aaaa(a);

CREATE TABLE t_bbbb(a);
