-- The same, written otherwise.
create table "users" (
    id    integer primary key,
    email text not null unique, /* once each */
    phone text,
    age   int not null
);
create table gone (a);
create index "gone_a" on gone ( a );
create index ages on [users](age);
create view adults as select * from users where age>=18;
create trigger grows after update on users begin select 1; end;
