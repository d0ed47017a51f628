CREATE TABLE plans(name);

CREATE TABLE users(id INTEGER PRIMARY KEY, email TEXT, phone TEXT);
