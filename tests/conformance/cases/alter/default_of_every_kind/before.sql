CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, c, d, e, f, g, h);
