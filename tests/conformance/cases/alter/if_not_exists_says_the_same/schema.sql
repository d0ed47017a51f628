CREATE TABLE t(a, b TEXT NOT NULL DEFAULT word CHECK (b <> ''), CONSTRAINT k CHECK (a > 0 /* x */));
