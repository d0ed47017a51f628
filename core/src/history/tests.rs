//! The record on a real SQLite, in memory.

use rusqlite::Connection;

use super::*;
use crate::{Direction, Launch, Migrator, script::Digest};

/// SQLite would take a table without a name, and rows of limbeck's in a table of the wrong shape.
#[test]
fn a_name_that_no_table_of_version_rows_can_have() {
    for name in ["", "limbeck_history", "LIMBECK_HISTORY"] {
        let mut db = Connection::open_in_memory().unwrap();
        let mut scratch = Connection::open_in_memory().unwrap();
        let mut migrator = Migrator::new([("1_a.sql", "CREATE TABLE a(b)")]).unwrap().version_table(name);
        let errors = [
            migrator.upgrade(&mut db, "head").unwrap_err(),
            migrator.stamp(&mut db, &["1"], true).unwrap_err(),
            migrator.ensure_version(&mut db).unwrap_err(),
            migrator.current(&mut db).unwrap_err(),
            migrator.sql(&mut scratch, Direction::Up, "head").unwrap_err(),
            Launch::new(Digest::NONE).version_table(name).report(&mut db, "head").unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::BadSetting, "{error}");
            assert!(error.to_string().contains(&format!("version_table = '{name}'")), "{error}");
        }
        assert!(!(&mut db as &mut dyn Database).any("SELECT 1 FROM sqlite_master", &[]).unwrap());
    }
}

/// What a stamp names, and what is below it and was not before; what ran keeps its row, and the script that undoes it.
#[test]
fn a_stamp_keeps_a_row_for_each_revision() {
    let files = [
        ("1_a.sql", "CREATE TABLE a(x)"),
        ("2_b.sql", "-- revises: 1\n-- migrate:up\nCREATE TABLE b(x);\n-- migrate:down\nDROP TABLE b;"),
        ("3_c.sql", "-- revises: 2\n-- migrate:up\nCREATE TABLE c(x)"),
        ("4_d.sql", "-- revises: 2\n-- migrate:up\nCREATE TABLE d(x)"),
    ];
    let rows = |db: &Connection| -> String {
        let all = "SELECT coalesce(group_concat(revision || direction || (checksum IS NOT NULL) || \
                   (downgrade IS NOT NULL), ' '), '') FROM limbeck_history";
        db.query_row(all, [], |row| row.get(0)).unwrap()
    };
    let mut migrator = Migrator::new(files).unwrap();
    let mut db = Connection::open_in_memory().unwrap();
    migrator.stamp(&mut db, &["heads"], false).unwrap();
    assert_eq!(rows(&db), "1stamp10 2stamp10 3stamp10 4stamp10");
    assert!(migrator.stamp(&mut db, &["heads"], false).unwrap().is_empty());

    let mut db = Connection::open_in_memory().unwrap();
    migrator.upgrade(&mut db, "2").unwrap();
    migrator.stamp(&mut db, &["base"], true).unwrap();
    migrator.stamp(&mut db, &["3"], false).unwrap();
    assert_eq!(rows(&db), "1up10 2up11 3stamp10");

    let mut migrator = Migrator::new(files).unwrap().keep_history(false);
    let mut db = Connection::open_in_memory().unwrap();
    migrator.stamp(&mut db, &["heads"], false).unwrap();
    assert_eq!(migrator.rows(&mut db).unwrap(), ["3", "4"]);
    assert!(!is_there(&mut db).unwrap());
}
