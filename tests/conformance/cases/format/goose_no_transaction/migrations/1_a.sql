-- +goose Up
-- +goose NO TRANSACTION
CREATE TABLE a(x);
-- +goose Down
DROP TABLE a;
VACUUM;
