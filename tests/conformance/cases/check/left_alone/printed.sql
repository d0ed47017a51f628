CREATE TABLE limbeck_version (
    version_num VARCHAR(32) NOT NULL, 
    CONSTRAINT limbeck_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE limbeck_history (id INTEGER PRIMARY KEY, revision TEXT NOT NULL);
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
CREATE TABLE refinery_schema_history(version INT4 PRIMARY KEY);
CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a UNIQUE);
CREATE TABLE sqlite_sequence(name,seq);
CREATE VIRTUAL TABLE words USING fts5(word)
/* words(word) */;
