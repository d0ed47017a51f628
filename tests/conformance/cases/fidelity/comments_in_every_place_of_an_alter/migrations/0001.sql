/* 1 */ ALTER /* 2 */ TABLE -- 3
  main /* 4 */ . /* 5 */ t /* 6 */ ADD /* 7 */ COLUMN /* 8 */ c /* 9 */ INT /* 10, */ FIRST /* 11 */ , -- 12 ;
  ALTER /* 13 */ COLUMN b /* 14 */ SET /* 15 */ NOT /* 16 */ NULL /* 17 */ ; -- 18
