CREATE TABLE seen(
  n,
  least,
  greatest,
  a,
  shifts
);
