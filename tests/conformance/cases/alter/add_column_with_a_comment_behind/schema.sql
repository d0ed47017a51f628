CREATE TABLE t(a INT, -- the old one
b TEXT DEFAULT 'x',
c INT
);
