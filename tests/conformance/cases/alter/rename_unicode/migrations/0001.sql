-- migrate:up
ALTER TABLE straße RENAME größe TO "Länge";
ALTER TABLE straße RENAME TO 道;
-- migrate:down
ALTER TABLE 道 RENAME TO "straße";
ALTER TABLE straße RENAME "Länge" TO größe;
