CREATE TABLE note(id INTEGER PRIMARY KEY, body TEXT);

CREATE VIRTUAL TABLE "search words" USING fts5(body, content='note', content_rowid='id');

CREATE TABLE "search words_config"(k PRIMARY KEY, v) WITHOUT ROWID;

CREATE TABLE "search words_data"(id INTEGER PRIMARY KEY, block BLOB);

CREATE TABLE "search words_docsize"(id INTEGER PRIMARY KEY, sz BLOB);

CREATE TABLE "search words_idx"(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;

CREATE TABLE seen(id INT);

CREATE TRIGGER note_added AFTER INSERT ON note BEGIN
  INSERT INTO "search words"(rowid, body) VALUES (new.id, new.body);
END;

CREATE VIEW found AS SELECT rowid, body FROM "search words";
