CREATE TABLE users(id INTEGER PRIMARY KEY, first TEXT, last TEXT, mail TEXT);

CREATE VIEW mails AS SELECT mail FROM users;

CREATE VIEW names AS SELECT first FROM users;
