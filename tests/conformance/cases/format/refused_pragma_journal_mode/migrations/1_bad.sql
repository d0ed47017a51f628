SELECT 1;
PRAGMA journal_mode = WAL;
