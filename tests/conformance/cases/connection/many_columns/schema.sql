CREATE TABLE seen(
  c1 INT,
  c57 INT,
  c200 INT,
  columns
);
