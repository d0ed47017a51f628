ALTER TABLE t ALTER whole SET GENERATED (first || ' ' || last) VIRTUAL;
