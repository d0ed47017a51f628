//! A damaged file is found before the first write, where looking is cheap or asked for.

use serde::{Deserialize, Serialize};

use super::Run;
use crate::db::{Database, Value, unreadable};
use crate::error::{Error, ErrorKind, Result, refusal};
use crate::event::Event;
use crate::room::sizes;

/// Whether the file is looked through before a run that has something to do, by SQLite's `quick_check`
/// (<https://sqlite.org/pragma.html#pragma_quick_check>). It reads every page but no index entry twice:
/// about a second for a few hundred megabytes. A launch with nothing to do never looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuickCheck {
    /// Up to 64 MiB, where it takes a fraction of a second.
    #[default]
    Auto,
    /// Whatever the size.
    Always,
    /// Damage is found when a statement meets it, or not at all.
    Never,
}

/// What [`QuickCheck::Auto`] looks through: 113 MB/s were measured on two busy cores, several times that
/// on idle ones.
const AUTO: u64 = 64 << 20;

/// How many findings the message names.
const NAMED: usize = 3;

/// Errors: [`ErrorKind::Corrupt`], with what is wrong.
pub(super) fn refuse(run: &mut Run<'_, '_>) -> Result<()> {
    let bytes = sizes::database(run.db)?;
    let wanted = match run.options.quick_check {
        QuickCheck::Always => true,
        QuickCheck::Never => false,
        QuickCheck::Auto => bytes <= AUTO,
    };
    if bytes == 0 || !wanted {
        return Ok(());
    }
    run.tell(&Event::Checking)?;
    // A row that breaks a CHECK is no damage; and the function that one calls may not be there.
    run.db.execute("PRAGMA ignore_check_constraints = 1")?;
    let found = findings(&mut run.watched());
    run.db.execute("PRAGMA ignore_check_constraints = 0")?;
    let found = found?;
    if found.is_empty() {
        return Ok(());
    }
    let more = found.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let message = format!("the file is damaged: {}{more}", found[..found.len().min(NAMED)].join("; "));
    Err(Error::new(ErrorKind::Corrupt, message)
        .with_hint("restore a backup, or save what is readable with sqlite3's .recover; nothing was changed"))
}

/// What `quick_check` finds, without what is wrong with values only.
fn findings(db: &mut dyn Database) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let asked = db.query("PRAGMA main.quick_check", &[], &mut |row| {
        if let [Value::Text(line)] = row
            && let Some(error) = unreadable(line)
        {
            return Err(error);
        }
        if let [Value::Text(line)] = row
            && line != "ok"
            && !is_of_values(line)
        {
            found.push(line.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        Ok(())
    });
    match asked {
        // A generated column's function is not registered here, or a module is not: nothing is known.
        Err(error) if refusal(&error) => Ok(Vec::new()),
        other => other.map(|()| found),
    }
}

/// `NULL value in t.a`, `non-INT value in t.a` (STRICT), `TEXT value in t.a` (of a numeric column).
fn is_of_values(line: &str) -> bool {
    line.contains(" value in ") || line.starts_with("CHECK constraint failed in ")
}
