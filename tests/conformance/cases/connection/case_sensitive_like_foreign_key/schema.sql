CREATE TABLE c(id integer primary key, p int references p(id));

CREATE TABLE p(id integer primary key);
