CREATE INDEX by_code ON parent(tag) WHERE tag IS NOT NULL;

CREATE TABLE child(p REFERENCES parent(tag));

CREATE TABLE log(x);

CREATE TABLE parent(id INTEGER PRIMARY KEY, tag TEXT UNIQUE CHECK (tag <> ''));

CREATE TRIGGER r AFTER UPDATE OF tag ON parent BEGIN INSERT INTO log VALUES (new.tag); END;

CREATE VIEW codes AS SELECT tag AS shown FROM parent WHERE tag > 'a';
