ALTER TABLE t ADD CHECK (a <> ');--' /* ) */ AND "odd ""name" IN (')', '(', 'it''s') -- until here
);
INSERT OR IGNORE INTO t VALUES ('y', '('), (');--', '(');
