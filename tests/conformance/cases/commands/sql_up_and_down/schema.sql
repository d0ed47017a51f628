CREATE INDEX by_title ON notes(title);

CREATE TABLE notes(id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, body TEXT DEFAULT '-', CHECK (title <> ''));

CREATE TRIGGER noted AFTER INSERT ON notes BEGIN UPDATE notes SET body = new.title WHERE id = new.id; END;
