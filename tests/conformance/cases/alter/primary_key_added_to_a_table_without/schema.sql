CREATE TABLE numbers(number INT,code TEXT);

CREATE TABLE t(code TEXT, a INT, CONSTRAINT pk PRIMARY KEY (code));
