CREATE TABLE t(id INTEGER PRIMARY KEY, low INT, high INT, CONSTRAINT in_order CHECK (low < high));
