CREATE TABLE seen(version);

CREATE TABLE t(a INT);
