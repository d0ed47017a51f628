CREATE TABLE log(was, is_now);

CREATE TABLE source(n INT);

CREATE TABLE t(id INTEGER PRIMARY KEY, number INT UNIQUE);

CREATE TRIGGER changed UPDATE OF number ON t WHEN old.number <> new.number BEGIN INSERT INTO log VALUES (old.number, new.number); END;

CREATE TRIGGER taken AFTER INSERT ON source BEGIN
  INSERT INTO t(number) VALUES (new.n) ON CONFLICT(number) DO UPDATE SET number = excluded.number + 100;
END;
