//! The connection's switches: set for a run, and put back on every path.

use crate::db::Database;
use crate::error::{Error, ErrorKind, Result, accepted};

/// Switches that a run needs in a certain place, and what they were before.
#[derive(Debug)]
pub(super) struct Pragmas {
    before: Vec<(&'static str, i64)>,
    /// `foreign_keys` is on and cannot be switched off.
    pub foreign_keys_stay_on: bool,
}

/// What a run needs. `legacy_alter_table` off: a rename must reach views and triggers. `trusted_schema`
/// off: a file from elsewhere may have triggers and views that call the app's functions
/// (<https://sqlite.org/pragma.html#pragma_trusted_schema>), which a run would be the first to fire.
const WANTED: &[&str] =
    &["foreign_keys", "legacy_alter_table", "ignore_check_constraints", "writable_schema", "trusted_schema"];

/// Before it, full-text tables are none that an untrusted schema may use (seen on 3.40.1; they are
/// `SQLITE_VTAB_INNOCUOUS` since some version behind that): with `trusted_schema` off the triggers that
/// keep them up to date would fail.
const FULL_TEXT_IS_INNOCUOUS: u32 = 3_045_000;

impl Pragmas {
    /// Switches all of them off, and reads them back: "This pragma is a no-op within a transaction;
    /// foreign key constraint enforcement may only be enabled or disabled when there is no pending
    /// BEGIN or SAVEPOINT" (<https://sqlite.org/pragma.html#pragma_foreign_keys>), and some hosts
    /// ignore it always.
    ///
    /// Errors: [`ErrorKind::Contract`] where `journal_mode` is off: "The OFF journaling mode disables the atomic commit and
    /// rollback capabilities of SQLite" (<https://sqlite.org/pragma.html#pragma_journal_mode>), and savepoints with them, in
    /// which a run tries what it then takes back.
    pub fn set(db: &mut dyn Database, version: u32, trust_schema: bool) -> Result<Pragmas> {
        if db.texts("PRAGMA main.journal_mode", &[])?.iter().any(|mode| mode.eq_ignore_ascii_case("off")) {
            return Err(Error::new(ErrorKind::Contract, "journal_mode is off: SQLite takes nothing back")
                .with_hint("set PRAGMA journal_mode = DELETE, or MEMORY, before limbeck runs"));
        }
        let mut pragmas = Pragmas { before: Vec::new(), foreign_keys_stay_on: false };
        let trust_schema = trust_schema || version < FULL_TEXT_IS_INNOCUOUS;
        for name in WANTED.iter().filter(|name| !(trust_schema && **name == "trusted_schema")) {
            // A build without the feature answers nothing.
            if let Some(value) = db.integer(&format!("PRAGMA {name}"), &[])? {
                pragmas.before.push((name, value));
            }
        }
        match pragmas.switch_off(db) {
            Ok(()) => Ok(pragmas),
            Err(error) => {
                // The error that led here is the one to report.
                let _ = pragmas.restore(db);
                Err(error)
            }
        }
    }

    fn switch_off(&mut self, db: &mut dyn Database) -> Result<()> {
        for (name, value) in &self.before {
            if *value != 0 {
                db.execute(&format!("PRAGMA {name} = 0"))?;
            }
        }
        self.foreign_keys_stay_on = match db.integer("PRAGMA foreign_keys", &[])? {
            Some(on) => on != 0,
            None => may_enforce(db)?,
        };
        Ok(())
    }

    /// Puts back every switch that is no longer what it was, also after an error.
    pub fn restore(&self, db: &mut dyn Database) -> Result<()> {
        let mut result = Ok(());
        for (name, value) in &self.before {
            let put_back = match db.integer(&format!("PRAGMA {name}"), &[]) {
                Ok(Some(now)) if now == *value => Ok(()),
                _ => {
                    let sql = format!("PRAGMA {name} = {value}");
                    // Memory that was short may be there a moment later, and no other error is likely.
                    let put_back = db.execute(&sql).or_else(|_| db.execute(&sql));
                    put_back
                        .map(drop)
                        .map_err(|error| error.noting(&format!("run {sql}, which is no longer so")))
                }
            };
            result = result.and(put_back);
        }
        result
    }
}

/// Whether a connection that does not answer `PRAGMA foreign_keys` may enforce keys all the same: its authorizer may
/// ignore the pragma. A build without triggers, or without foreign keys, enforces none
/// (<https://sqlite.org/foreignkeys.html#fk_enable>).
fn may_enforce(db: &mut dyn Database) -> Result<bool> {
    let without =
        "SELECT sqlite_compileoption_used('OMIT_FOREIGN_KEY') OR sqlite_compileoption_used('OMIT_TRIGGER')";
    Ok(accepted(db.integer(without, &[]))?.flatten() != Some(1))
}
