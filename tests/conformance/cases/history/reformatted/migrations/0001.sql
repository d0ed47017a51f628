-- a comment
-- migrate:up
create   table a ( x ) -- why
;
-- migrate:down
DROP TABLE a;
