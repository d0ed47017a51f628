CREATE TABLE  t (
    -- what it is
    id   integer   primary key,   /* the key */
	a   varchar( 10 )  default   'x'  -- trailing
  , b
    int
  -- at the end
);
INSERT INTO t VALUES (1, 'p', 2);
