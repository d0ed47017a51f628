CREATE TABLE "before"(kinds);

CREATE TABLE differences(kinds);

CREATE TABLE t(z INT, i INTEGER, r REAL, n NUMERIC, s TEXT, b BLOB);
