CREATE TABLE t (
    -- what it is
    id   integer   primary key,   /* the key */
	a   varchar( 10 )  default   'x'  -- trailing
  , c TEXT, b
    int DEFAULT 3
  -- at the end
);
