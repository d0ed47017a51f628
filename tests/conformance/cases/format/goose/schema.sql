CREATE TABLE log(text TEXT);

CREATE TABLE third(a);

CREATE TABLE users (
    id int NOT NULL PRIMARY KEY,
    username text
);

CREATE TRIGGER users_log AFTER INSERT ON users BEGIN
    INSERT INTO log VALUES ('a;b');
    INSERT INTO log VALUES (new.username);
END;
