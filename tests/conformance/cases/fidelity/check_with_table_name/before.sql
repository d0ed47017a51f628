CREATE TABLE t(a INT CHECK (t.a > 0), b, CHECK (t.a <> t.b));
INSERT INTO t VALUES (1, 2);
