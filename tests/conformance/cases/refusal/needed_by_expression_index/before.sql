CREATE TABLE t(a TEXT, b);
CREATE INDEX i ON t(lower(a));
