-- Why
CREATE  TABLE a( x );
