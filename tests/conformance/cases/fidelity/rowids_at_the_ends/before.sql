CREATE TABLE t(a TEXT);
INSERT INTO t(rowid, a) VALUES (-9223372036854775808, 'least'), (-1, 'minus'), (0, 'zero'), (9223372036854775807, 'greatest');
