CREATE TABLE seen(b INT,a INT,kind);
