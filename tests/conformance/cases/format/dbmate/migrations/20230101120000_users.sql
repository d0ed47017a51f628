-- migrate:up
create table users (
  id integer,
  name varchar(255)
);

-- migrate:down
drop table users;
