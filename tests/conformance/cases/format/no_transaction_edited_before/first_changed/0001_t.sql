-- migrate:up transaction:false
CREATE TABLE a(y);
CREATE TABLE b(x);
CREATE TABLE c(x);
