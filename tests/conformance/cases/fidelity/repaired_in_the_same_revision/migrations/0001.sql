UPDATE child SET p = p + 100;
ALTER TABLE parent ADD old INT;
UPDATE parent SET old = id, id = id + 100;
