-- migrate:up transaction:false
CREATE TABLE a(x);
