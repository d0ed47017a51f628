-- aaaa
-- revision: aaaa
-- revises: aaaa

-- migrate:up
CREATE TABLE t_aaaa(a);

-- migrate:down
DROP TABLE t_aaaa;
