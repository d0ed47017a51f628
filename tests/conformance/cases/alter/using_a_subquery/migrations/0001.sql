ALTER TABLE t ALTER status TYPE INT USING (SELECT s.id FROM status AS s WHERE s.name = t.status);
