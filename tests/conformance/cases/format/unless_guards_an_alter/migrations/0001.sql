-- migrate:unless SELECT 1 FROM pragma_table_info('t') WHERE name = 'b'
ALTER TABLE t ADD b TEXT;
-- migrate:unless SELECT 1 FROM pragma_table_info('u') WHERE name = 'b'
ALTER TABLE u ADD b TEXT DEFAULT 'new';
ALTER TABLE u ADD c TEXT;
