ALTER TABLE größe ALTER n FIRST, RENAME "Länge" TO 長さ;
CREATE TABLE seen AS SELECT encoding FROM pragma_encoding;
