

CREATE TABLE t(a,);
