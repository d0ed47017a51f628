-- Up
CREATE TABLE t(a);

-- Down
DROP TABLE t;
