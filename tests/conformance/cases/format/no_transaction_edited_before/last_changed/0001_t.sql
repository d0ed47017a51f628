-- a comment
-- migrate:up transaction:false
create table a (x);
CREATE TABLE b(x);
CREATE TABLE c(x);
CREATE TABLE d(x);
