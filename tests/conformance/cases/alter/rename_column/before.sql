CREATE TABLE parent(id INTEGER PRIMARY KEY, code TEXT UNIQUE CHECK (code <> ''));
CREATE TABLE child(p REFERENCES parent(code));
CREATE TABLE log(x);
CREATE INDEX by_code ON parent(code) WHERE code IS NOT NULL;
CREATE VIEW codes AS SELECT code AS shown FROM parent WHERE code > 'a';
CREATE TRIGGER r AFTER UPDATE OF code ON parent BEGIN INSERT INTO log VALUES (new.code); END;
INSERT INTO parent VALUES (1, 'x');
INSERT INTO child VALUES ('x');
