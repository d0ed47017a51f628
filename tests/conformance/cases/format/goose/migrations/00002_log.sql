-- +goose Up
-- +goose StatementBegin
CREATE TABLE log(text TEXT)
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER users_log AFTER INSERT ON users BEGIN
    INSERT INTO log VALUES ('a;b');
    INSERT INTO log VALUES (new.username);
END;
-- +goose StatementEnd
INSERT INTO users VALUES (2, 'x');

-- +goose Down
-- +goose StatementBegin
DROP TRIGGER users_log
-- +goose StatementEnd
-- +goose StatementBegin
DROP TABLE log
-- +goose StatementEnd
DELETE FROM users WHERE id = 2;
