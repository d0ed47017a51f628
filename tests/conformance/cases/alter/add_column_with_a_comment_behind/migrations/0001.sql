ALTER TABLE t ADD b TEXT DEFAULT 'x' -- the new one
;
ALTER TABLE t ADD c INT /* and one more */;
