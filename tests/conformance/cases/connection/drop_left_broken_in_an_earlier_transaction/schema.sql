CREATE TABLE other(a);

CREATE VIEW v AS SELECT title FROM notes;
