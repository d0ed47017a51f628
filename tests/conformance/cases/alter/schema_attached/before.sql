ATTACH ':memory:' AS other;
CREATE TABLE other.t(a TEXT, b INT);
CREATE TABLE t(a TEXT);
INSERT INTO other.t VALUES ('7', 2);
