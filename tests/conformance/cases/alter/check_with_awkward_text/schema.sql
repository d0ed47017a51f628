CREATE TABLE t(a TEXT, "odd ""name" TEXT, CHECK (a <> ');--' /* ) */ AND "odd ""name" IN (')', '(', 'it''s') -- until here
));
