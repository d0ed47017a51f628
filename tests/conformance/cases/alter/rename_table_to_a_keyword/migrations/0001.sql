ALTER TABLE t RENAME TO "select";
INSERT INTO "select"(a) VALUES (2);
