-- The first
-- created: 2024-01-01
CREATE TABLE a(x);
