CREATE INDEX by_b ON t(b);

CREATE TABLE statistics(tbl,idx,stat);

CREATE TABLE t(b INT, c INT);
