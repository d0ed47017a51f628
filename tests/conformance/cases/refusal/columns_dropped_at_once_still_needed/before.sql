CREATE TABLE users(id INTEGER PRIMARY KEY, first, last, mail);
CREATE VIEW names AS SELECT first FROM users;
CREATE VIEW mails AS SELECT mail FROM users;
INSERT INTO users VALUES (1, 'Ada', 'Lovelace', 'a@b');
