CREATE TABLE numbers(number INT,a);

CREATE TABLE t(a, rowid TEXT DEFAULT 'own');
