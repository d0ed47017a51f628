ALTER TABLE child ALTER t FIRST;
INSERT INTO main.child VALUES (1, 2);
INSERT INTO temp.child VALUES (1);
CREATE TABLE seen AS SELECT x FROM temp.fired;
DROP TABLE temp.child;
