-- revision: b
-- down_revision = 'a'
CREATE TABLE t(a);
