PRAGMA user_version = 42;
PRAGMA application_id = 1279872075;
CREATE TABLE t(a INT, b INT);
