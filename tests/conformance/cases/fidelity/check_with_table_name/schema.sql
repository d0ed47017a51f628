CREATE TABLE t(a INT CHECK (t.a > 0), b DEFAULT 9, CHECK (t.a <> t.b));
