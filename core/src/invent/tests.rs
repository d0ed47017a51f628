use rusqlite::Connection;

use super::*;
use crate::db::Value;

fn filled(schema: &str, wish: &Wish) -> (Connection, Invented) {
    let mut db = Connection::open_in_memory().unwrap();
    db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    db.execute_batch(schema).unwrap();
    let objects = inspect::objects(&mut db, "main").unwrap();
    let tables: Vec<&str> =
        objects.iter().filter(|o| o.kind == ObjectKind::Table).map(|o| o.name.as_str()).collect();
    let invented = rows(&mut db, &tables, wish).unwrap();
    (db, invented)
}

fn dump(db: &mut Connection, table: &str) -> Vec<Vec<Value>> {
    let db: &mut dyn Database = db;
    db.rows(&format!("SELECT * FROM {table}"), &[]).unwrap()
}

#[test]
fn every_kind_of_constraint_is_satisfied() {
    for schema in [
        "CREATE TABLE t(a)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT NOT NULL UNIQUE, b INT UNIQUE)",
        "CREATE TABLE t(a TEXT PRIMARY KEY, b) WITHOUT ROWID",
        "CREATE TABLE t(a INT, b TEXT, c REAL, d BLOB, e ANY, PRIMARY KEY (a, b)) STRICT",
        "CREATE TABLE t(kind TEXT NOT NULL CHECK (kind IN ('note', 'task')), n INT CHECK (n BETWEEN 3 AND 5))",
        "CREATE TABLE t(mail TEXT NOT NULL CHECK (mail LIKE '%_@%_.%'), code CHECK (code GLOB '[A-Z][0-9]?'))",
        "CREATE TABLE t(low INT NOT NULL, high INT NOT NULL, CONSTRAINT ordered CHECK (low < high))",
        "CREATE TABLE t(doc TEXT NOT NULL CHECK (json_valid(doc)), day TEXT CHECK (day IS date(day)))",
        "CREATE TABLE t(pin TEXT NOT NULL CHECK (length(pin) = 4), hash BLOB NOT NULL CHECK (length(hash) = 32 AND typeof(hash) = 'blob'))",
        "CREATE TABLE t(a INT NOT NULL CHECK (typeof(a) = 'integer' AND a > 0), b CHECK (b IS NOT NULL))",
        "CREATE TABLE t(a INT, b INT AS (a * 2) STORED UNIQUE, c TEXT NOT NULL AS (coalesce(a, 'x')))",
        "CREATE TABLE p(id INTEGER PRIMARY KEY, k TEXT UNIQUE); CREATE TABLE c(p INT NOT NULL REFERENCES p, k TEXT REFERENCES p(k))",
        "CREATE TABLE c(a, b, FOREIGN KEY (a, b) REFERENCES p(x, y)); CREATE TABLE p(x INT, y TEXT, PRIMARY KEY (x, y))",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, parent INT NOT NULL REFERENCES t(id))",
        "CREATE TABLE a(id INTEGER PRIMARY KEY, b INT REFERENCES b); CREATE TABLE b(id INTEGER PRIMARY KEY, a INT NOT NULL REFERENCES a)",
        "CREATE TABLE store(id INTEGER PRIMARY KEY, boss INT NOT NULL UNIQUE REFERENCES staff); CREATE TABLE staff(id INTEGER PRIMARY KEY, store INT NOT NULL REFERENCES store(id))",
        "CREATE TABLE one(id INTEGER PRIMARY KEY CHECK (id = 1), v)",
        "CREATE TABLE t(a TEXT, b); CREATE UNIQUE INDEX i ON t(lower(a)) WHERE b IS NOT NULL",
        "CREATE TABLE t(a UNIQUE ON CONFLICT IGNORE, b NOT NULL ON CONFLICT REPLACE DEFAULT 'x')",
        "CREATE TABLE \"odd \"\" name\"(\"a b\" TEXT, [c d] INT)",
        "CREATE VIRTUAL TABLE f USING fts5(title, body)",
        "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, y0, y1)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT); CREATE VIRTUAL TABLE f USING fts5(a, content='t', content_rowid='id');
         CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO f(rowid, a) VALUES (new.id, new.a); END",
        "CREATE TABLE t(a INT); CREATE TRIGGER small BEFORE INSERT ON t WHEN new.a > 12 OR new.a IS NULL BEGIN SELECT RAISE(IGNORE); END",
    ] {
        for seed in [1, 2, 3] {
            let (mut db, invented) = filled(schema, &Wish { seed, ..Wish::default() });
            assert_eq!(invented.left_out, [], "{schema}");
            assert!(invented.tables.iter().all(|table| table.rows > 0), "{schema}: {invented:?}");
            let db: &mut dyn Database = &mut db;
            assert_eq!(db.texts("PRAGMA integrity_check", &[]).unwrap(), ["ok"], "{schema}");
            assert!(!db.any("PRAGMA foreign_key_check", &[]).unwrap(), "{schema}");
        }
    }
}

#[test]
fn what_no_row_satisfies_is_said() {
    let (_, invented) = filled(
        "CREATE TABLE never(a INT PRIMARY KEY CHECK (a > 1 AND a < 0), b NOT NULL CHECK (b <> b));
         CREATE TABLE orphan(p INT NOT NULL REFERENCES never(a));
         CREATE TABLE closed(a); CREATE TRIGGER r BEFORE INSERT ON closed BEGIN SELECT RAISE(ABORT, 'closed for good'); END",
        &Wish::default(),
    );
    let said: Vec<String> =
        invented.left_out.iter().map(|left| format!("{}: {}", left.table, left.reason)).collect();
    assert_eq!(
        said,
        [
            "never: CHECK constraint failed: b <> b",
            "orphan: FOREIGN KEY constraint failed",
            "closed: closed for good"
        ]
    );
}

#[test]
fn a_table_with_the_only_row_that_it_takes() {
    let (_, invented) = filled(
        "CREATE TABLE one(id INTEGER PRIMARY KEY CHECK (id = 1), at INT); INSERT INTO one VALUES (1, 5);",
        &Wish::default(),
    );
    assert_eq!(invented, Invented::default());
}

#[test]
fn the_same_seed_invents_the_same_rows() {
    let schema = "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b REAL, c); CREATE TABLE u(t INT REFERENCES t, x BLOB)";
    let rows = |seed| {
        let (mut db, _) = filled(schema, &Wish { seed, ..Wish::default() });
        [dump(&mut db, "t"), dump(&mut db, "u")]
    };
    assert_eq!(rows(1), rows(1));
    assert_ne!(rows(1), rows(2));
}

#[test]
fn odd_rows_are_odd_and_plain_ones_are_not() {
    let schema = "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b INT, is_new BOOLEAN, made_at TEXT)";
    let has = |rows: &[Vec<Value>], is: &dyn Fn(&Value) -> bool| rows.iter().flatten().any(is);
    let (mut db, _) = filled(schema, &Wish { rows: 60, ..Wish::default() });
    let odd = dump(&mut db, "t");
    assert_eq!(odd.len(), 60);
    assert!(has(&odd, &|value| *value == Value::Null));
    assert!(has(&odd, &|value| *value == Value::Integer(i64::MIN)));
    assert!(has(&odd, &|value| matches!(value, Value::Text(text) if text.contains('\0'))));
    assert!(has(&odd, &|value| matches!(value, Value::Text(text) if !text.is_ascii())));
    assert!(
        odd.iter().any(|row| matches!(row[2], Value::Text(_) | Value::Blob(_))),
        "another type than the declared"
    );
    let (mut db, _) = filled(schema, &Wish { odd: false, ..Wish::default() });
    let plain = dump(&mut db, "t");
    assert!(!has(&plain, &|value| *value == Value::Null));
    assert!(plain.iter().all(|row| matches!(&row[..], [Value::Integer(_), Value::Text(_), Value::Integer(_), Value::Integer(0 | 1), Value::Text(at)] if at.starts_with("2024-02-"))), "{plain:?}");
}

#[test]
fn rows_that_are_there_stay() {
    let mut db = Connection::open_in_memory().unwrap();
    db.execute_batch("CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE ON CONFLICT REPLACE); INSERT INTO t VALUES (4, 'b 4');").unwrap();
    rows(&mut db, &["t"], &Wish { rows: 40, ..Wish::default() }).unwrap();
    assert_eq!(dump(&mut db, "t")[..].iter().filter(|row| row[0] == Value::Integer(4)).count(), 1);
    assert!(dump(&mut db, "t").contains(&vec![Value::Integer(4), "b 4".into()]));
}
