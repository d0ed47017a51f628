-- migrate:up transaction:false
BEGIN IMMEDIATE;
