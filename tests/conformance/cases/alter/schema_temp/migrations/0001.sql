ALTER TABLE temp.t ALTER a TYPE INT, ALTER b FIRST;
CREATE TABLE seen AS SELECT b, a, typeof(a) AS kind FROM temp.t;
