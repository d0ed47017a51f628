CREATE TABLE t(a INT);
PRAGMA query_only = ON;
