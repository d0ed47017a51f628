CREATE TABLE t(a INT, ab INT CHECK (ab > 0 AND 'a' <> 'b' /* a */), "a b" INT, CHECK ("a b" <> ab));
CREATE INDEX a_index ON t(ab, "a b") WHERE ab <> 7;
CREATE TRIGGER a_trigger AFTER INSERT ON t WHEN new.ab > 5 BEGIN UPDATE t SET ab = 1 WHERE "a b" = 'a'; END;
INSERT INTO t VALUES (1, 2, 3);
