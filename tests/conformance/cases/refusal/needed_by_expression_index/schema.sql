CREATE INDEX i ON t(lower(a));

CREATE TABLE t(a TEXT, b);
