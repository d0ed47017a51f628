CREATE TABLE notes(
  id INTEGER PRIMARY KEY, -- stays in the text of the table, as this line does
  title TEXT,
  body TEXT
);
