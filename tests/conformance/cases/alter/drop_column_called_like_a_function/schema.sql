CREATE INDEX i ON t(lower(a));

CREATE TABLE t(a TEXT CHECK (length(a) > 0), b TEXT AS (upper(a)));
