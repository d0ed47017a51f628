-- SQLite would rename it, and leave this trigger with a column that is not there any more.
CREATE TRIGGER note_gone AFTER DELETE ON note BEGIN
  INSERT INTO "search words"("search words", rowid, body) VALUES ('delete', old.id, old.body);
END;
ALTER TABLE "search words" RENAME TO other;
