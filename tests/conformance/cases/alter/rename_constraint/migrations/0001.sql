ALTER TABLE t RENAME CONSTRAINT pair TO "a pair", RENAME CONSTRAINT a_positive TO positive;
