CREATE TABLE found(number INT,title);

CREATE TABLE note(lang TEXT DEFAULT 'en', title TEXT NOT NULL, body TEXT);
