//! Two schemas, and the migration between them, run on databases with rows.

use limbeck::diff::{self, Options, fingerprint};
use limbeck::operation;
use limbeck::schema::{Object, ObjectKind};
use limbeck::{Error, ErrorKind, Migrator, RebuildMode};
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

/// The statements that make one the other.
pub fn written(from: &[Object], to: &[Object], options: &Options) -> String {
    let alike = fingerprint(from).unwrap() == fingerprint(to).unwrap();
    assert_eq!(alike, diff::compare(from, to, &Options::default()).unwrap().is_empty(), "the fingerprint");
    operation::script(&diff::compare(from, to, options).unwrap().operations)
}

/// Runs the migration up, and its way back, which is written for what the way up has made; after each
/// nothing may differ. Answers both.
pub fn proved(
    db: &mut Connection,
    to: &[Object],
    options: &Options,
    rebuild: RebuildMode,
) -> Result<(String, String), End> {
    let from = objects(db);
    let up = written(&from, to, options);
    leads(db, &up, to, options, rebuild)?;
    let down = written(&objects(db), &from, &options.reversed());
    leads(db, &down, &from, options, rebuild)?;
    Ok((up, down))
}

/// Runs a script, which must lead to this schema.
pub fn leads(
    db: &mut Connection,
    script: &str,
    to: &[Object],
    options: &Options,
    rebuild: RebuildMode,
) -> Result<(), End> {
    let files = [("1_x.sql", script)];
    let refused = |error: Error| End::Refused(error.kind(), format!("{error:?}\n{script}"));
    let mut migrator = Migrator::new(files).map_err(refused)?.rebuild(rebuild);
    migrator.upgrade(db, "head").map_err(refused)?;
    migrator.stamp(db, &["base"], true).map_err(refused)?;
    let made = objects(db);
    let left = diff::compare(&made, to, &Options { renames: Vec::new(), ..options.clone() }).unwrap();
    let alike = fingerprint(&made).unwrap() == fingerprint(to).unwrap();
    if alike != diff::compare(&made, to, &Options::default()).unwrap().is_empty() {
        return Err(End::Left(format!("the fingerprint says otherwise\n{script}")));
    }
    if left.is_empty() {
        Ok(())
    } else {
        Err(End::Left(format!("{:#?}\nis left by\n{script}", left.differences)))
    }
}

/// Why a migration did not prove itself.
#[derive(Debug)]
pub enum End {
    /// limbeck refused it.
    Refused(ErrorKind, String),
    /// Something still differs.
    Left(String),
}
