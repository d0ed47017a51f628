-- migrate:unless DELETE FROM limbeck_version
CREATE TABLE t(a);
