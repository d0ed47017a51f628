CREATE TABLE seen(number INT,a,b);

CREATE TABLE "t"(c, "id" "INTEGER" PRIMARY KEY, [a] [VARCHAR (10)], `b` 'REAL');
