CREATE TABLE tree(id INTEGER PRIMARY KEY, parent REFERENCES tree(id), name);
CREATE TABLE listed(code UNIQUE, next REFERENCES listed(code), name);
INSERT INTO tree VALUES (1, NULL, 'root'), (2, 1, 'leaf');
INSERT INTO listed VALUES ('a', 'b', 'first'), ('b', NULL, 'last');
