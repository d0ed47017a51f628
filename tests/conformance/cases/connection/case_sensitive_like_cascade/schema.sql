CREATE TABLE c(id integer primary key, p int references p(id) on delete cascade);

CREATE TABLE p(id integer primary key, a text);
