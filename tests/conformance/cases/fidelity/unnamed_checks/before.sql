CREATE TABLE t(a INT CHECK (a > 0) CHECK (a < 10), b TEXT, CHECK (b <> ''), CHECK (a <> length(b)));
INSERT INTO t VALUES (1, 'xx');
