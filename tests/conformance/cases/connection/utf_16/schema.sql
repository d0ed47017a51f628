CREATE INDEX "nach Länge" ON größe("長さ" DESC) WHERE 名前 <> 'ß';

CREATE TABLE größe(n INT, "長さ" TEXT, 名前 TEXT DEFAULT '京都', CONSTRAINT größer CHECK (n > 0));

CREATE TABLE seen(encoding);
