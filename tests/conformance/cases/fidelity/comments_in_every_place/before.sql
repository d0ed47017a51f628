CREATE TABLE /* 1 */ t -- 2
( /* 3 */ a /* 4 */ INTEGER /* 5 */ PRIMARY -- 6
  KEY /* 7 */ , -- 8 ' (
  /* 9 ) */ b /* 10 */ TEXT /* 11 */ NOT /* 12 */ NULL /* 13 */ DEFAULT /* 14 */ 'x' -- 15
  , c /* 16 , */ INT /* 17 */ , /* 18 */ CONSTRAINT /* 19 */ k /* 20 */ CHECK /* 21 */ ( /* 22 */ b /* 23 */ <> /* 24 */ '' ) /* 25 */
  ) /* 26 */ ;
INSERT INTO t VALUES (1, 'y', 2);
