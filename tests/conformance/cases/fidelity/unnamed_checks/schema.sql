CREATE TABLE t(b TEXT, a INT CHECK (a > 0) CHECK (a < 10), CHECK (b <> ''), CHECK (a <> length(b)));
