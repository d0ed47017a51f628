CREATE INDEX by_name ON other(name);

CREATE TABLE other(name TEXT, t_id INT);

CREATE TABLE t(id INTEGER PRIMARY KEY, note TEXT);

CREATE TRIGGER r AFTER INSERT ON other BEGIN UPDATE other SET name = upper(name) WHERE rowid = new.rowid; END;

CREATE VIEW v AS SELECT other.name, t.note FROM other JOIN t ON t.id = other.t_id;
