PRAGMA case_sensitive_like = ON;
create table p(id integer primary key, a text);
create table c(id integer primary key, p int references p(id) on delete cascade);
INSERT INTO p VALUES (1, 'a'), (2, 'b');
INSERT INTO c VALUES (1, 1), (2, 2);
PRAGMA foreign_keys = ON;
BEGIN;
