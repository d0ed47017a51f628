CREATE INDEX "nach Länge" ON größe("長さ" DESC) WHERE 名前 <> 's';

CREATE TABLE größe(n INT, "長さ" TEXT, 名前 TEXT DEFAULT 'kyoto', CONSTRAINT größer CHECK (n > 0));

CREATE TABLE seen(encoding);
