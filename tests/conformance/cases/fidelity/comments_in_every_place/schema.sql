CREATE TABLE t -- 2
( /* 3 */ c /* 16 , */ INT, /* 17 */  /* 18 */ a /* 4 */ INTEGER /* 5 */ PRIMARY -- 6
  KEY /* 7 */ , -- 8 ' (
  /* 9 ) */ b /* 10 */ TEXT /* 11 */ NOT /* 12 */ NULL /* 13 */ -- 15
  
  );
