CREATE INDEX i ON t(a);

CREATE TABLE seen(tbl,idx,stat);

CREATE TABLE t(a, b DEFAULT 1);
