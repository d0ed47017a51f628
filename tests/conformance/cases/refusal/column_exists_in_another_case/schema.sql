CREATE TABLE t(größe INT, b INT);
