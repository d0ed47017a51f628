CREATE TABLE key(number INTEGER PRIMARY KEY, root INT);

CREATE TRIGGER root AFTER INSERT ON key BEGIN UPDATE key SET root = number WHERE number = NEW.number; END;
