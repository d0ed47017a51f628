DROP INDEX by_code;
