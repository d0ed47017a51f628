CREATE TABLE child(x, y);

CREATE TABLE t(a DEFAULT 7, up);
