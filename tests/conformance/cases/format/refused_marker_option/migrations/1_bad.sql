-- migrate:up transaction:no
CREATE TABLE t(a);
