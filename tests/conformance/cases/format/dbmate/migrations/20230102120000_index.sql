-- migrate:up transaction:false
create index users_name on users(name);

-- migrate:down transaction:false
drop index users_name;
