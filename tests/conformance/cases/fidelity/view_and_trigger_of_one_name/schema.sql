CREATE INDEX i ON t(same);

CREATE TABLE t(b INT, same INT);

CREATE TRIGGER t AFTER INSERT ON t BEGIN UPDATE t SET b = new.same WHERE rowid = new.rowid; END;
