CREATE TABLE notes(title);

CREATE TABLE tags(name);
