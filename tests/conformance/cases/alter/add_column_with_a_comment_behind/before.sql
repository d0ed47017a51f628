CREATE TABLE t(a INT -- the old one
);
