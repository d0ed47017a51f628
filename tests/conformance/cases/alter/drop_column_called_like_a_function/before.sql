CREATE TABLE t(a TEXT CHECK (length(a) > 0), length INT, b TEXT AS (upper(a)), upper INT);
CREATE INDEX i ON t(lower(a));
INSERT INTO t(a, length, upper) VALUES ('x', 1, 2);
