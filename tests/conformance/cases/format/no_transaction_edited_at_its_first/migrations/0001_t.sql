-- migrate:up transaction:false
CREATE TABLE a bogus;
CREATE TABLE b(x);
