PRAGMA case_sensitive_like = ON;
create table p(id integer primary key);
create table c(id integer primary key, p int references p(id));
INSERT INTO p VALUES (1), (2);
INSERT INTO c VALUES (1, 1), (2, 2);
