CREATE TABLE seen(bytes);

CREATE TABLE t(b INT, a TEXT);
