//! A database that refinery has migrated goes on with limbeck. refinery's table is read, never
//! written: adopting again, or going back to refinery, finds it as it was.

use refinery_core::Migration;
use refinery_core::SchemaVersion;

use super::Migrator;
use crate::db::{Database, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::report::Report;
use crate::script::{self, Script};

const TABLE: &str = "refinery_schema_history";

/// One row of refinery's table.
struct Applied {
    version: SchemaVersion,
    name: String,
    checksum: u64,
}

impl Migrator<'_> {
    /// Stamps the database with what refinery has applied, where every one of those migrations is in
    /// the folder with the text it had, its line ends aside, and none before them is missing. Does
    /// nothing where limbeck is as far already.
    ///
    /// Errors: [`ErrorKind::NothingToAdopt`] where there is no table of refinery's;
    /// [`ErrorKind::ChangedRevision`] and [`ErrorKind::DatabaseNewer`] for a migration that differs or
    /// is gone; [`ErrorKind::NotAncestor`] where one was passed over.
    pub fn adopt(&mut self, db: &mut dyn Database) -> Result<Report> {
        let applied = applied(db)?;
        let known = self.revisions(":", &[])?;
        let mut ids = known.iter().rev().map(|info| info.revision.clone());
        let mut last = None;
        for row in &applied {
            let script = self.script(&row.version.to_string()).ok_or_else(|| gone(row))?;
            verify(script, row)?;
            let id = script.revision.id.clone();
            match ids.next() {
                Some(next) if next == id => last = Some(id),
                next => return Err(passed_over(&next.unwrap_or_default(), &id)),
            }
        }
        let rows = self.version_rows(db)?;
        let Some(last) = last else { return Ok(Report::nothing(rows)) };
        if self.graph()?.upgrade(&rows, &last)?.is_empty() {
            return Ok(Report::nothing(rows));
        }
        self.stamp(db, &[&last], false)
    }
}

fn applied(db: &mut dyn Database) -> Result<Vec<Applied>> {
    if !db.has_table("main", TABLE)? {
        return Err(Error::new(
            ErrorKind::NothingToAdopt,
            format!("there is no table {TABLE} in the database"),
        )
        .with_hint("name the database that refinery has migrated; any other begins with 'limbeck stamp'"));
    }
    let sql = format!("SELECT version, name, CAST(checksum AS TEXT) FROM main.{TABLE} ORDER BY version");
    let rows = db.rows(&sql, &[])?;
    rows.iter()
        .map(|row| match &row[..] {
            [Value::Integer(version), Value::Text(name), Value::Text(checksum)] => Some(Applied {
                version: SchemaVersion::try_from(*version).ok()?,
                name: name.clone(),
                checksum: checksum.parse().ok()?,
            }),
            _ => None,
        })
        .map(|row| {
            row.ok_or_else(|| {
                Error::new(
                    ErrorKind::NothingToAdopt,
                    format!("{TABLE} has rows that refinery does not write"),
                )
                .with_hint("look at the table; 'limbeck stamp' says by hand what is applied")
            })
        })
        .collect()
}

/// refinery's checksum is over the bytes of the file: a checkout with other line ends is no change.
fn verify(script: &Script, row: &Applied) -> Result<()> {
    let file = script::base(&script.file);
    let stem = file.strip_suffix(".sql").unwrap_or(file);
    let lines = script.text.replace("\r\n", "\n");
    let carriage_returns = lines.replace('\n', "\r\n");
    for text in [&*script.text, &lines, &carriage_returns] {
        let file = Migration::unapplied(stem, text).map_err(|error| {
            Error::new(ErrorKind::BadDirective, format!("'{}': {error}", script.file)).in_file(&script.file)
        })?;
        if file.checksum() == row.checksum && file.name() == row.name {
            return Ok(());
        }
    }
    Err(Error::new(
        ErrorKind::ChangedRevision,
        format!(
            "refinery applied V{}__{}, and '{}' has another text or name now",
            row.version, row.name, script.file
        ),
    )
    .in_revision(&script.revision.id)
    .in_file(&script.file)
    .with_hint("put the old text back, and write what is new in a migration of its own"))
}

fn gone(row: &Applied) -> Error {
    let what = format!("refinery applied V{}__{}, which these migrations do not have", row.version, row.name);
    Error::new(ErrorKind::DatabaseNewer, what).with_hint("use the folder that has it")
}

fn passed_over(next: &str, id: &str) -> Error {
    Error::new(
        ErrorKind::NotAncestor,
        format!("refinery applied {id}, and not {next}, which comes before it"),
    )
    .with_hint("apply what is missing with refinery, or say with 'limbeck stamp' what is applied")
}

#[cfg(all(test, feature = "rusqlite"))]
mod tests {
    use rusqlite::Connection;

    use super::*;

    const FILES: [(&str, &str); 3] = [
        ("V1__create_cars.sql", "CREATE TABLE cars(\n  name TEXT\n);\n"),
        ("V2__add_brand.sql", "ALTER TABLE cars ADD brand TEXT;\n"),
        ("V10__strict.sql", "ALTER TABLE cars ALTER name SET NOT NULL;\n"),
    ];

    /// A database at V2, as refinery leaves it.
    fn migrated(end: &str) -> Connection {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(&format!(
            "CREATE TABLE {TABLE}(version int4 PRIMARY KEY, name VARCHAR(255), applied_on VARCHAR(255), checksum VARCHAR(255));"
        ))
        .unwrap();
        for (file, text) in &FILES[..2] {
            db.execute_batch(text).unwrap();
            let migration =
                Migration::unapplied(file.trim_end_matches(".sql"), &text.replace('\n', end)).unwrap();
            let row = (
                migration.version(),
                migration.name(),
                "2024-05-01T10:00:00Z",
                migration.checksum().to_string(),
            );
            db.execute(&format!("INSERT INTO {TABLE} VALUES (?1, ?2, ?3, ?4)"), row).unwrap();
        }
        db
    }

    fn table(db: &Connection) -> Vec<String> {
        let mut statement =
            db.prepare(&format!("SELECT version || name || applied_on || checksum FROM {TABLE}")).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(|row| row.unwrap()).collect()
    }

    #[test]
    fn goes_on_where_refinery_was() {
        for end in ["\n", "\r\n"] {
            let mut db = migrated(end);
            let before = table(&db);
            let mut migrator = Migrator::new(FILES).unwrap();
            assert_eq!(migrator.adopt(&mut db).unwrap().to, ["2"]);
            assert!(migrator.adopt(&mut db).unwrap().is_empty(), "again");
            assert_eq!(migrator.upgrade(&mut db, "head").unwrap().to, ["10"]);
            assert!(migrator.adopt(&mut db).unwrap().is_empty(), "limbeck is further");
            assert_eq!(table(&db), before);
        }
    }

    #[test]
    fn what_differs_is_refused() {
        let adopt = |files: &[(&str, &str)], db: &mut Connection| {
            Migrator::new(files.to_vec()).unwrap().adopt(db).unwrap_err()
        };
        let [one, two, ten] = FILES;
        let changed = [one, ("V2__add_brand.sql", "ALTER TABLE cars ADD brand INT;"), ten];
        let error = adopt(&changed, &mut migrated("\n"));
        assert_eq!((error.kind(), error.file()), (ErrorKind::ChangedRevision, Some("V2__add_brand.sql")));
        let renamed = [one, ("V2__add_brands.sql", two.1)];
        assert_eq!(adopt(&renamed, &mut migrated("\n")).kind(), ErrorKind::ChangedRevision);
        assert_eq!(adopt(&[one, ten], &mut migrated("\n")).kind(), ErrorKind::DatabaseNewer);
        let between = [("V0__first.sql", ""), one, two];
        assert_eq!(adopt(&between, &mut migrated("\n")).kind(), ErrorKind::NotAncestor);
        assert_eq!(
            adopt(&FILES, &mut Connection::open_in_memory().unwrap()).kind(),
            ErrorKind::NothingToAdopt
        );
    }
}
