-- migrate:up transaction:false
CREATE TABLE b(x);
CREATE TABLE c(x);
CREATE TABLE d(x);
