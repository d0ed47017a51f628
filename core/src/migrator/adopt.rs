//! A database that refinery has migrated goes on with limbeck. refinery's table is read, never
//! written: adopting again, or going back to refinery, finds it as it was.

use refinery_core::Migration;
use refinery_core::SchemaVersion;

use super::verify::line;
use super::{Migrator, Recognised};
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

/// What refinery's table says of the folder.
struct Recorded {
    /// The last revision that is applied; none where the table has no rows.
    last: Option<String>,
    /// The one after it.
    next: Option<String>,
}

impl Migrator<'_> {
    /// Stamps the database with what refinery has applied, where every one of those migrations is in
    /// the folder with the text it had, its line ends aside, and none before them is missing. Does
    /// nothing where limbeck is as far already.
    ///
    /// What refinery has done and not recorded is found by [`adopt_compared`](Self::adopt_compared).
    ///
    /// Errors: [`ErrorKind::NothingToAdopt`] where there is no table of refinery's;
    /// [`ErrorKind::ChangedRevision`] and [`ErrorKind::DatabaseNewer`] for a migration that differs or
    /// is gone; [`ErrorKind::NotAncestor`] where one was passed over; [`ErrorKind::StatementFailed`] where
    /// the table is another one's.
    pub fn adopt(&mut self, db: &mut dyn Database) -> Result<Report> {
        let recorded = self.recorded_by_refinery(db)?;
        self.adopt_at(db, recorded.last)
    }

    /// As [`adopt`](Self::adopt), and compares the schema with what the migrations make, as
    /// [`recognise`](Self::recognise) does: refinery commits a migration and the row that records it apart,
    /// and a kill in between leaves one that is done and not recorded, which no upgrade gets past.
    ///
    /// `finish` stamps that one too, where the schema is just what it makes; else, and where the schema is
    /// another one, the report's warnings say so. Nothing is compared where limbeck has gone on from
    /// refinery's last migration.
    ///
    /// Errors: those of `adopt`. A folder that cannot be replayed is a warning.
    ///
    /// ```
    /// # #[cfg(all(feature = "rusqlite", feature = "refinery"))] {
    /// use limbeck::Migrator;
    ///
    /// let migrations = [("V1__users.sql", "CREATE TABLE users(email)")];
    /// let mut db = rusqlite::Connection::open_in_memory().unwrap();
    /// db.execute_batch("CREATE TABLE refinery_schema_history(version, name, applied_on, checksum)").unwrap();
    /// db.execute_batch("CREATE TABLE users(email)").unwrap(); // and killed before it was recorded
    ///
    /// let mut scratch = rusqlite::Connection::open_in_memory().unwrap();
    /// let report = Migrator::new(&migrations)?.adopt_compared(&mut db, &mut scratch, true)?;
    /// assert_eq!(report.to, ["1"]);
    /// # }
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn adopt_compared(
        &mut self,
        db: &mut dyn Database,
        scratch: &mut dyn Database,
        finish: bool,
    ) -> Result<Report> {
        let Recorded { last, next } = self.recorded_by_refinery(db)?;
        let rows = self.version_rows(db)?;
        let at: Vec<String> = last.iter().cloned().collect();
        let goes_on = match &last {
            Some(last) => self.graph()?.upgrade(&rows, last)?.is_empty(),
            None => true,
        };
        if goes_on && self.graph()?.newest(&rows)? != at {
            return Ok(Report::nothing(rows));
        }
        let found = self.recognised(db, scratch, &at);
        let next = next.filter(|next| found.as_ref().is_ok_and(|found| found.is(std::slice::from_ref(next))));
        let warnings = match (&found, &next) {
            (Ok(found), _) if found.is(&at) => Vec::new(),
            (Ok(_), Some(_)) if finish => return self.adopt_at(db, next),
            (Ok(_), Some(next)) => vec![unrecorded(&at, next)],
            (Ok(found), None) => differs(&at, found),
            (Err(error), _) => {
                vec![format!("what refinery has recorded was not compared with the schema: {error}")]
            }
        };
        let mut report = self.adopt_at(db, last)?;
        report.warnings.extend(warnings);
        Ok(report)
    }

    fn recorded_by_refinery(&self, db: &mut dyn Database) -> Result<Recorded> {
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
        Ok(Recorded { last, next: ids.next() })
    }

    /// Stamps a revision, unless limbeck is as far already.
    fn adopt_at(&mut self, db: &mut dyn Database, last: Option<String>) -> Result<Report> {
        let rows = self.version_rows(db)?;
        match last {
            Some(last) if !self.graph()?.upgrade(&rows, &last)?.is_empty() => self.stamp(db, &[&last], false),
            _ => Ok(Report::nothing(rows)),
        }
    }
}

/// The schema is that of the migration after refinery's last row.
fn unrecorded(at: &[String], next: &str) -> String {
    format!(
        "refinery has recorded {}, and the schema is that of {next}: it was stopped before it recorded that one, \
         and an upgrade would run it again; 'limbeck adopt --finish' takes it for applied",
        named(at)
    )
}

/// The schema is neither.
fn differs(at: &[String], found: &Recognised) -> Vec<String> {
    if found.revisions == at {
        let lines = found.differences.iter().map(line);
        return lines.map(|line| format!("the schema has drifted from the migrations: {line}")).collect();
    }
    vec![format!(
        "refinery has recorded {}, and the schema is {}: look at it with 'limbeck verify', and say with \
         'limbeck stamp' what is applied",
        named(at),
        found.title()
    )]
}

fn named(at: &[String]) -> String {
    if at.is_empty() { "nothing".to_owned() } else { at.join(", ") }
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
                // Not `NothingToAdopt`, which an app takes for a new database.
                Error::new(
                    ErrorKind::StatementFailed,
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

    /// What was adopted may not change, though its script never ran here.
    #[test]
    fn what_was_adopted_stays_as_it_is() {
        let mut db = migrated("\n");
        let mut migrator = Migrator::new(FILES).unwrap();
        migrator.adopt(&mut db).unwrap();
        migrator.upgrade(&mut db, "head").unwrap();
        let [_, two, ten] = FILES;
        let changed =
            [("V1__create_cars.sql", "CREATE TABLE cars(names TEXT)"), two, ten, ("V11__x.sql", "")];
        let error = Migrator::new(changed).unwrap().upgrade(&mut db, "head").unwrap_err();
        assert_eq!((error.kind(), error.file()), (ErrorKind::ChangedRevision, Some("V1__create_cars.sql")));
        let rows =
            "SELECT group_concat(revision || direction || (checksum IS NOT NULL)) FROM limbeck_history";
        let rows: String = db.query_row(rows, [], |row| row.get(0)).unwrap();
        assert_eq!(rows, "1stamp1,2stamp1,10up1");
    }

    /// refinery was killed between a migration and its row.
    #[test]
    fn what_is_done_and_not_recorded_is_found() {
        let scratch = || Connection::open_in_memory().unwrap();
        let files = [FILES[0], FILES[1], FILES[2], ("V11__rows.sql", "UPDATE cars SET brand = name")];
        let done = || {
            let db = migrated("\n");
            db.execute_batch("INSERT INTO cars VALUES ('a', 'b')").unwrap();
            db.execute_batch("CREATE TABLE n(name TEXT NOT NULL, brand TEXT)").unwrap();
            db.execute_batch(
                "INSERT INTO n SELECT * FROM cars; DROP TABLE cars; ALTER TABLE n RENAME TO cars",
            )
            .unwrap();
            db
        };
        let mut migrator = Migrator::new(files).unwrap();
        let mut db = done();
        let report = migrator.adopt_compared(&mut db, &mut scratch(), false).unwrap();
        assert_eq!(report.to, ["2"]);
        let [warning] = &report.warnings[..] else { panic!("{:?}", report.warnings) };
        assert!(warning.contains("recorded 2, and the schema is that of 10"), "{warning}");
        for mut db in [db, done()] {
            let report = migrator.adopt_compared(&mut db, &mut scratch(), true).unwrap();
            assert_eq!((report.to, report.warnings), (vec!["10".to_owned()], Vec::new()));
            assert!(migrator.adopt_compared(&mut db, &mut scratch(), true).unwrap().is_empty(), "again");
            // Of the two that have this schema refinery can have done one.
            assert_eq!(migrator.upgrade(&mut db, "head").unwrap().steps.len(), 1);
            let brand: String = db.query_row("SELECT brand FROM cars", [], |row| row.get(0)).unwrap();
            assert_eq!(brand, "a");
        }
    }

    #[test]
    fn what_is_not_as_refinery_says_is_told() {
        let told = |sql: &str| {
            let mut db = migrated("\n");
            db.execute_batch(sql).unwrap();
            let mut scratch = Connection::open_in_memory().unwrap();
            let report = Migrator::new(FILES).unwrap().adopt_compared(&mut db, &mut scratch, true).unwrap();
            assert_eq!(report.to, ["2"], "{sql}");
            report.warnings
        };
        assert!(told("").is_empty());
        assert_eq!(
            told("CREATE TABLE cache(x)"),
            ["the schema has drifted from the migrations: drop table cache (data)"]
        );
        let warnings = told("ALTER TABLE cars DROP COLUMN brand");
        assert!(warnings[0].starts_with("refinery has recorded 2, and the schema is 1: "), "{warnings:?}");
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
        let mut other = migrated("\n");
        other.execute_batch(&format!("UPDATE {TABLE} SET checksum = NULL")).unwrap();
        assert_eq!(adopt(&FILES, &mut other).kind(), ErrorKind::StatementFailed, "no new database");
    }
}
