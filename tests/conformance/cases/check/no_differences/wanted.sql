create table if not exists T ( [id] integer primary key,
  A text not null default 'x' );  -- another layout
CREATE INDEX IF NOT EXISTS "i" on T ( "a" ) where a<>'';
CREATE VIEW V as select A from T;
