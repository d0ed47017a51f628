PRAGMA encoding = 'UTF-16le';
CREATE TABLE größe("Länge" TEXT, 名前 TEXT DEFAULT 'tokyo', n INT);
CREATE INDEX "nach Länge" ON größe("Länge" DESC) WHERE 名前 <> 's';
INSERT INTO größe VALUES ('😀', 'x', 1), ('é', '', 2);
