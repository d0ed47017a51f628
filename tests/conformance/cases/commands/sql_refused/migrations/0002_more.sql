-- migrate:unless SELECT 1 FROM t
UPDATE t SET a = 1