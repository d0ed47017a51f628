//! What the errors of a run say beside what happened: where it did, and the way out.

use super::{Job, Options};
use crate::db::Database;
use crate::error::{self, Error, ErrorKind, counted};
use crate::history::Unfinished;
use crate::inspect;
use crate::report::Report;
use crate::script::Item;
use crate::sql::{foreign, tokens};

/// With the way out for a database that had its tables before it met limbeck.
pub(super) fn explained(error: Error, db: &mut dyn Database, options: &Options, report: &Report) -> Error {
    let unknown = report.to.is_empty()
        && error.kind() == ErrorKind::StatementFailed
        && error.to_string().contains(" already exists");
    // The error is the one to report, whatever comes of this look.
    match unknown.then(|| inspect::app_objects(db, &options.version_table)) {
        Some(Ok(objects)) if !objects.is_empty() => error.with_hint(
            "the database has tables and no revision: 'limbeck adopt' finds the revision that it is at, or stamp it",
        ),
        _ => error,
    }
}

/// With SQLite's way to what SQLite does not know because it is another database's.
fn in_sqlites_way(error: Error, sql: &str) -> Error {
    let message = error.to_string();
    let unknown = ["syntax error", "unrecognized token", "no such function", "no such table"];
    if error.kind() != ErrorKind::StatementFailed || !unknown.iter().any(|text| message.contains(text)) {
        return error;
    }
    match foreign(&tokens(sql).unwrap_or_default()).first() {
        Some(found) => error.with_hint(found.fix),
        None => error,
    }
}

pub(super) fn cancelled() -> Error {
    error::cancelled().with_hint("run it again when it may finish: nothing was changed")
}

/// An error with the place of the statement that failed.
pub(super) fn located(error: Error, job: &Job, item: &Item) -> Error {
    let error = in_sqlites_way(error, &item.sql).in_statement(&item.sql);
    error.placed(job.step.revision.as_deref(), job.file.as_deref(), Some(item.line))
}

/// An error of a revision of which so many statements are committed already.
pub(super) fn stopped(error: Error, statements: usize) -> Error {
    if statements == 0 || error.kind() == ErrorKind::Unfinished {
        return error;
    }
    let are = if statements == 1 { "is done and stays" } else { "are done and stay" };
    error
        .not_alone()
        .noting(&format!("{} before it {are}", counted(statements as u64, "statement")))
        .with_hint("mend what failed and run it again: it goes on there")
}

pub(crate) fn unfinished(begun: &Unfinished) -> Error {
    let again = if begun.direction == "down" { "downgrade" } else { "upgrade" };
    half_done(begun, "").with_hint(format!(
        "run the {again} again, which goes on where it stopped, or finish by hand and run 'limbeck stamp' with {}",
        by_hand(begun)
    ))
}

/// A revision that was begun, of a text that does not begin with what is done of it.
pub(crate) fn begun_otherwise(begun: &Unfinished, file: Option<&str>) -> Error {
    let what = match begun.checksum {
        Some(_) => ", and they are not what its script begins with now",
        None => ", and an earlier limbeck did not note which",
    };
    let error = half_done(begun, what).with_hint(format!(
        "put the statements that are done back as they were, to go on behind them, or finish by hand and run 'limbeck stamp' with {}",
        by_hand(begun)
    ));
    error.placed(None, file, None)
}

/// The revision to stamp once it was finished by hand.
fn by_hand(begun: &Unfinished) -> String {
    match begun.direction.as_str() {
        "down" => format!("what is below {}", begun.revision),
        _ => begun.revision.clone(),
    }
}

fn half_done(begun: &Unfinished, what: &str) -> Error {
    let Unfinished { revision, statements, .. } = begun;
    Error::new(
        ErrorKind::Unfinished,
        format!(
            "revision {revision} was begun and not finished: {} of it {} done{what}",
            counted(*statements as u64, "statement"),
            if *statements == 1 { "is" } else { "are" }
        ),
    )
    .in_revision(revision)
}
