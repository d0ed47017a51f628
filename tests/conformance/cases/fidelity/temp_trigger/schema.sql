CREATE TABLE seen(name TEXT,fired);

CREATE TABLE t(a, b DEFAULT 4);
