CREATE TABLE users(id INTEGER PRIMARY KEY, first TEXT, last TEXT, mail TEXT);
INSERT INTO users VALUES (1, 'a', 'b', 'c');
CREATE VIEW names AS SELECT first FROM users;
CREATE VIEW lasts AS SELECT last FROM users;
CREATE VIEW mails AS SELECT mail FROM users;
