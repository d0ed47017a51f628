CREATE TABLE child(t, s);

CREATE TABLE seen(x);
