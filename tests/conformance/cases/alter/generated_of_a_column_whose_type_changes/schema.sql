CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER, kind TEXT AS (typeof(a)), s TEXT AS (a || '!') STORED);
