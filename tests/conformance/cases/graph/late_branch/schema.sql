CREATE TABLE april(a);

CREATE TABLE february(a);

CREATE TABLE january(a);

CREATE TABLE march(a);
