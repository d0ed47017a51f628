CREATE TABLE kept(user_version);

CREATE TABLE notes(title TEXT);
