CREATE TABLE seen(user_version,application_id);

CREATE TABLE t(b INT, a INT);
