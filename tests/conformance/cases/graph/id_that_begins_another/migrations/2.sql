-- revision: abcdef
-- revises: abcd
CREATE TABLE two(a);
