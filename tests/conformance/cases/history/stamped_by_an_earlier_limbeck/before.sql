CREATE TABLE a(x);
CREATE TABLE limbeck_version(version_num VARCHAR(32) NOT NULL, CONSTRAINT limbeck_version_pkc PRIMARY KEY (version_num));
CREATE TABLE limbeck_history(
    id INTEGER PRIMARY KEY, revision TEXT NOT NULL, revises TEXT NOT NULL, depends_on TEXT, message TEXT,
    direction TEXT NOT NULL, state TEXT NOT NULL, applied_at TEXT NOT NULL, duration_ms INTEGER, checksum TEXT,
    app_version TEXT, compatible INTEGER, downgrade TEXT, downgrade_checksum TEXT, statements INTEGER, fingerprint TEXT
);
INSERT INTO limbeck_version VALUES ('0001');
INSERT INTO limbeck_history(revision, revises, direction, state, applied_at)
  VALUES ('0001', '', 'stamp', 'finished', '2026-01-01T00:00:00.000Z');
