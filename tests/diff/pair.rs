//! Two schemas, and the migration between them, run on databases with rows.

use limbeck::diff::{self, Diff, Options};
use limbeck::operation;
use limbeck::schema::{Object, ObjectKind};
use limbeck::{Error, Migrator, RebuildMode};
use rusqlite::Connection;

/// A database made by a text.
pub fn made(sql: &str) -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.pragma_update(None, "foreign_keys", false).unwrap();
    db.execute_batch(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
    db
}

/// All objects but those of limbeck, of SQLite and inside virtual tables.
pub fn objects(db: &Connection) -> Vec<Object> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE tbl_name NOT LIKE 'limbeck\\_%' ESCAPE '\\' \
               AND tbl_name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT IN \
               (SELECT name FROM pragma_table_list WHERE type = 'shadow') ORDER BY rowid";
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        let kind: String = row.get(0)?;
        Ok(Object {
            schema: "main".into(),
            kind: match kind.as_str() {
                "index" => ObjectKind::Index,
                "trigger" => ObjectKind::Trigger,
                "view" => ObjectKind::View,
                _ => ObjectKind::Table,
            },
            name: row.get(1)?,
            table: row.get(2)?,
            sql: row.get(3)?,
        })
    });
    rows.unwrap().map(|row| row.unwrap()).collect()
}

/// The two halves of the migration from one to the other.
pub struct Written {
    pub diff: Diff,
    pub up: String,
    pub down: String,
}

pub fn written(from: &[Object], to: &[Object], options: &Options) -> Written {
    let diff = diff::compare(from, to, options).unwrap();
    let back = diff::compare(to, from, &options.reversed()).unwrap();
    Written { up: operation::script(&diff.operations), down: operation::script(&back.operations), diff }
}

/// Runs the migration up, and down again if it came up; after each nothing may differ.
pub fn proved(
    db: &mut Connection,
    to: &[Object],
    options: &Options,
    rebuild: RebuildMode,
) -> Result<(), Error> {
    let from = objects(db);
    let Written { up, down, .. } = written(&from, to, options);
    let files = [("1_x.sql".to_owned(), format!("-- migrate:up\n{up}\n-- migrate:down\n{down}"))];
    let mut migrator =
        Migrator::new(&files).unwrap_or_else(|e| panic!("{e:?}\n{up}\n{down}")).rebuild(rebuild);
    let same = |db: &Connection, wanted: &[Object], way: &str| {
        let options = Options { renames: Vec::new(), ..options.clone() };
        let left = diff::compare(&objects(db), wanted, &options).unwrap();
        assert!(left.is_empty(), "{way} leaves {:#?}\nup:\n{up}\ndown:\n{down}", left.differences);
    };
    migrator.upgrade(db, "head")?;
    same(db, to, "up");
    migrator.downgrade(db, "base")?;
    same(db, &from, "down");
    Ok(())
}
