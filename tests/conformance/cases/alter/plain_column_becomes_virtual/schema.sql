CREATE TABLE t(first TEXT, last TEXT DEFAULT 'n.n.', whole TEXT NOT NULL GENERATED ALWAYS AS (first || ' ' || last) VIRTUAL, z INT);
