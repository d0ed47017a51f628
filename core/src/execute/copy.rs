//! Rows from an old table into a new one.

use super::{Purpose, Run};
use crate::alter::Copy;
use crate::db::Database;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;

/// Rows in one statement: enough to be as fast as one for all, few enough to tell how far it is.
const WINDOW: u64 = 20_000;

/// Copies all rows and answers how many. Memory stays flat: SQLite streams each statement.
///
/// How many arrived, SQLite has counted as it inserted them: `OR ABORT` leaves none out and replaces none, and
/// to count the new table would read all of it again.
///
/// Errors: [`ErrorKind::ProofFailed`] if not every one of `of` rows arrived.
pub(super) fn rows(run: &mut Run<'_, '_>, table: &str, copy: &Copy, of: u64) -> Result<u64> {
    let copied = match (&copy.rowid, run.options.purpose) {
        (Some((to, from)), Purpose::Live) => windows(run, table, copy, of, to, from)?,
        _ => run.execute(&copy.insert(""))?,
    };
    if copied != of {
        return Err(Error::new(
            ErrorKind::ProofFailed,
            format!("table {table} has {of} rows, of which {copied} arrived in the new table"),
        )
        .with_hint("report this: nothing was changed"));
    }
    run.tell(&Event::Copied { table, rows: copied, of })?;
    Ok(copied)
}

fn windows(run: &mut Run<'_, '_>, table: &str, copy: &Copy, of: u64, to: &str, from: &str) -> Result<u64> {
    let mut copied = 0;
    let mut condition = format!("ORDER BY {from} LIMIT {WINDOW}");
    while copied < of {
        let rows = run.execute(&copy.insert(&condition))?;
        if rows == 0 {
            break;
        }
        copied += rows;
        if copied < of {
            run.tell(&Event::Copied { table, rows: copied, of })?;
        }
        // The greatest rowid of the new table is the last one copied: found without a scan.
        let last = run.db.integer(&format!("SELECT max({to}) FROM {}", copy.to), &[])?;
        condition = format!("WHERE {from} > {} ORDER BY {from} LIMIT {WINDOW}", last.unwrap_or(i64::MAX));
    }
    Ok(copied)
}

/// How many rows a table has.
pub(super) fn count(run: &mut Run<'_, '_>, table: &str) -> Result<u64> {
    let db: &mut dyn Database = &mut run.watched();
    let rows = db.integer(&format!("SELECT count(*) FROM {table}"), &[])?;
    Ok(rows.map_or(0, |rows| rows.max(0) as u64))
}
