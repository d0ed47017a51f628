CREATE TABLE teams("id" integer not null, name text, primary key (id));
CREATE TABLE [users](id INTEGER PRIMARY KEY, mail TEXT, age TEXT DEFAULT (1), fax TEXT, CHECK ("age" > 0), UNIQUE (fax));
CREATE TABLE tmp_x(A);
CREATE INDEX mails ON users(mail ASC);
CREATE VIEW adults AS select mail from users where age>17;
