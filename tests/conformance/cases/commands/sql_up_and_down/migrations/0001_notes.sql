-- migrate:up
CREATE TABLE notes(id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT, body TEXT);
CREATE INDEX by_title ON notes(title);
CREATE TRIGGER noted AFTER INSERT ON notes BEGIN UPDATE notes SET body = new.title WHERE id = new.id; END;
INSERT INTO notes(id, title) VALUES (7, 'a'), (9, 'b');
DELETE FROM notes WHERE id = 9;
-- migrate:down
DROP TABLE notes;
