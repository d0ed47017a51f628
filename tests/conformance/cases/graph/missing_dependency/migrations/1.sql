-- revision: aaaa
-- depends_on: zzzz
CREATE TABLE t(a);
