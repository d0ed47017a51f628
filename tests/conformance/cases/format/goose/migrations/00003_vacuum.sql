-- +goose NO TRANSACTION
-- +goose up
VACUUM;
CREATE TABLE third(a);

-- +goose down
DROP TABLE third;
VACUUM;
