CREATE TABLE t(
  a TEXT, -- about a
  b TEXT /* after */ DEFAULT '', -- about b
  d INT DEFAULT 5
);
