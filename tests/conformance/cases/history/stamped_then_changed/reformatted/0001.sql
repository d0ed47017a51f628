CREATE TABLE a ( x ) ; -- the same
