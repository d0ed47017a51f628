CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, note TEXT);
CREATE TABLE other(name TEXT, t_id INT);
CREATE INDEX by_name ON other(name);
CREATE VIEW v AS SELECT other.name, t.note FROM other JOIN t ON t.id = other.t_id;
CREATE TRIGGER r AFTER INSERT ON other BEGIN UPDATE other SET name = upper(name) WHERE rowid = new.rowid; END;
INSERT INTO t VALUES (1, 'gone', 'stays');
INSERT INTO other VALUES ('o', 1);
