CREATE TABLE first(a);

CREATE TABLE second(a);

CREATE TABLE tenth(a);

CREATE TABLE third(a);
