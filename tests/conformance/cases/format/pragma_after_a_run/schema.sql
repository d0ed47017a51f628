CREATE TABLE seen(cache,writable,legacy);

CREATE TABLE t(b INT, a INT);
