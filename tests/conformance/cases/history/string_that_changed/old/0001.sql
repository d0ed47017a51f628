CREATE TABLE a(x DEFAULT 'one two');
