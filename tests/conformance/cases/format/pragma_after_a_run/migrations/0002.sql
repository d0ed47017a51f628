CREATE TABLE seen AS SELECT (SELECT cache_size FROM pragma_cache_size) AS cache, (SELECT writable_schema FROM pragma_writable_schema) AS writable,
  (SELECT legacy_alter_table FROM pragma_legacy_alter_table) AS legacy;
