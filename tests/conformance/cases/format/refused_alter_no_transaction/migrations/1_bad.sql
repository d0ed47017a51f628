-- migrate:up transaction:false
ALTER TABLE a ADD x;
