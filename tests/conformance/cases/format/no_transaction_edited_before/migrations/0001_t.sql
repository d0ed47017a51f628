-- migrate:up transaction:false
CREATE TABLE a(x);
CREATE TABLE b(x);
CREATE TABLE c bogus;
