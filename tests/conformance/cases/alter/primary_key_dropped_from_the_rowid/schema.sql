CREATE TABLE child(t_id INT);

CREATE TABLE counters(name);

CREATE TABLE t(id INTEGER, a TEXT);
