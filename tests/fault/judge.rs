//! What must be true of a database after a fault.

use std::path::Path;

use limbeck::sql::{literal, quote};
use limbeck::{Database, Error, ErrorKind, Report};
use rusqlite::Connection;

use crate::scene::{Scene, backups, system};

/// All that is in it, but for the times in the history, and the fingerprint that the last step of a run leaves:
/// the run that was cut off had another last step.
pub fn state(db: &Connection) -> String {
    let mut all = lines(
        db,
        "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY type, name",
    );
    let tables = lines(
        db,
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name <> 'sqlite_schema' ORDER BY name",
    );
    for table in tables {
        let columns = lines(
            db,
            &format!(
                "SELECT 'quote(' || {} || ')' FROM pragma_table_xinfo({}) WHERE name NOT IN ('applied_at', 'duration_ms', 'fingerprint')",
                "'\"' || name || '\"'",
                literal(&table)
            ),
        );
        let keyed =
            format!("SELECT 1 FROM pragma_table_list({}) WHERE schema = 'main' AND wr", literal(&table));
        let rowid = if lines(db, &keyed).is_empty() { "rowid || '|' || " } else { "" };
        let sql = format!("SELECT {rowid}{} FROM {} NOT INDEXED", columns.join(" || '|' || "), quote(&table));
        all.extend(lines(db, &sql).into_iter().map(|row| format!("{table}: {row}")));
    }
    all.extend(lines(
        db,
        "SELECT 'dangling ' || \"table\" || ' ' || rowid || ' ' || parent FROM pragma_foreign_key_check",
    ));
    all.join("\n")
}

pub fn lines(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let rows = statement.query_map([], |row| {
        row.get_ref(0).map(|value| match value {
            rusqlite::types::ValueRef::Integer(value) => value.to_string(),
            other => String::from_utf8_lossy(other.as_bytes_or_null().ok().flatten().unwrap_or_default())
                .into_owned(),
        })
    });
    rows.unwrap().map(|row| row.unwrap_or_else(|error| panic!("{sql}: {error}"))).collect()
}

/// What a connection has set, of all that a run touches.
pub fn switches(db: &Connection) -> Vec<String> {
    ["foreign_keys", "legacy_alter_table", "ignore_check_constraints", "writable_schema", "trusted_schema"]
        .iter()
        .map(|name| format!("{name} {}", lines(db, &format!("PRAGMA {name}")).join("")))
        .collect()
}

/// The judge of one scene.
pub struct Judge<'s> {
    pub scene: &'s Scene,
    pub states: &'s [String],
    pub switches: &'s [String],
}

/// What is found wrong.
pub type Verdict = Result<(), String>;

impl Judge<'_> {
    /// The connection that met the fault goes on: it says what happened, is what it was, and can try
    /// again.
    pub fn survivor(&self, db: &mut Connection, result: &limbeck::Result<Report>) -> Verdict {
        if Database::in_transaction(db) {
            return Err("the transaction is still open".to_owned());
        }
        let switches = switches(db);
        if switches != self.switches {
            return Err(format!("switches are {switches:?}"));
        }
        let at = self.which(&state(db))?;
        match result {
            Ok(_) if at + 1 != self.states.len() => {
                Err("it says that it succeeded, and it did not".to_owned())
            }
            Ok(_) => Ok(()),
            Err(error) => {
                self.told(error)?;
                let rows = lines(db, "SELECT name FROM sqlite_master WHERE name = 'limbeck_version'");
                let rows = if rows.is_empty() {
                    rows
                } else {
                    lines(db, "SELECT version_num FROM limbeck_version ORDER BY 1")
                };
                match error.report() {
                    Some(report) if report.to != rows => {
                        Err(format!("the report says {:?}, the database {rows:?}", report.to))
                    }
                    // A backup that is in place and cannot be read again to be checked.
                    None if at != 0 && self.scene.operation != crate::scene::Operation::Restore => {
                        Err(format!("there is no report, and the state is {at}"))
                    }
                    _ => Ok(()),
                }
            }
        }?;
        self.finishes(db)
    }

    fn told(&self, error: &Error) -> Verdict {
        let expected = [ErrorKind::Io, ErrorKind::Full, ErrorKind::CannotOpen, ErrorKind::BackupFailed];
        if !expected.contains(&error.kind()) {
            return Err(format!("the error is {error:?}"));
        }
        if error.hint().is_none() { Err(format!("no hint: {error:?}")) } else { Ok(()) }
    }

    /// The next launch, of a process that knows nothing of the fault.
    pub fn next_launch(&self, path: &Path) -> Verdict {
        let mut db = system(path);
        whole(&db)?;
        self.which(&state(&db))?;
        // Whatever calls itself a backup is whole.
        let folder = path.parent().expect("it is in a folder");
        for backup in backups(folder).list("work.db").map_err(|error| format!("{error:?}"))? {
            let db = system(&backup.path);
            whole(&db).map_err(|why| format!("a backup: {why}"))?;
            if !backup.problems.is_empty() {
                return Err(format!("a backup has problems: {:?}", backup.problems));
            }
            self.which(&state(&db)).map_err(|why| format!("a backup: {why}"))?;
        }
        self.finishes(&mut db)
    }

    /// Which of the states it is in.
    fn which(&self, found: &str) -> Result<usize, String> {
        // A revision outside a transaction is done statement by statement; its row says how far.
        let outside = self.scene.operation == crate::scene::Operation::Outside;
        let at = self.states.iter().rposition(|state| state == found);
        match at {
            Some(at) => Ok(at),
            None if outside && found.contains("'started'") => Ok(0),
            None => Err(format!("it is in no state that it may be in:\n{}", nearest(found, self.states))),
        }
    }

    /// Another run does what is left.
    fn finishes(&self, db: &mut Connection) -> Verdict {
        if let Err(error) = self.scene.run(db) {
            return Err(format!("the next run fails: {error:?}"));
        }
        whole(db).map_err(|why| format!("after the next run: {why}"))?;
        let end = self.states.last().expect("there is an end");
        let found = state(db);
        if found != *end {
            return Err(format!("the next run ends elsewhere:\n{}", difference(&found, end)));
        }
        Ok(())
    }
}

fn whole(db: &Connection) -> Verdict {
    let check: rusqlite::Result<Vec<String>> = db
        .prepare("PRAGMA integrity_check")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect());
    match check {
        Ok(check) if check == ["ok"] => Ok(()),
        found => Err(format!("integrity_check: {found:?}")),
    }
}

fn nearest(found: &str, states: &[String]) -> String {
    let all = states.iter().map(|state| difference(found, state));
    all.min_by_key(String::len).unwrap_or_default()
}

fn difference(found: &str, wanted: &str) -> String {
    let only = |of: &str, not: &str, mark: &str| -> String {
        let other: std::collections::BTreeSet<&str> = not.lines().collect();
        of.lines()
            .filter(|line| !other.contains(line))
            .take(8)
            .map(|line| format!("{mark} {line}\n"))
            .collect()
    };
    only(found, wanted, "+") + &only(wanted, found, "-")
}
