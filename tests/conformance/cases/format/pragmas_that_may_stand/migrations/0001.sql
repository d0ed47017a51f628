CREATE TABLE t(a INT);
PRAGMA user_version = 3;
PRAGMA application_id = 77;
PRAGMA foreign_keys;
PRAGMA main.journal_mode;
PRAGMA foreign_key_check;
PRAGMA integrity_check;
PRAGMA optimize;
CREATE TABLE seen AS SELECT user_version AS version FROM pragma_user_version;
