//! A revision that no transaction protects: its statements are done one by one, and how far it came is
//! kept in its history row. A run that finds it half done goes on where it stopped, and of several
//! processes each statement is done by one.

use super::way_out::{begun_otherwise, stopped};
use super::{Run, located, room};
use crate::deed::Deed;
use crate::error::{ErrorKind, Result};
use crate::event::Event;
use crate::execute::{Job, Planner};
use crate::history::clock;
use crate::script::Item;

/// Does a revision inside no transaction but those of its statements. `false`: another process has
/// finished it meanwhile.
///
/// The run's transaction is open, and is committed with what was done in it before.
pub(super) fn run(run: &mut Run<'_, '_>, job: &Job, planner: &dyn Planner) -> Result<bool> {
    let (Some(section), Some(revision)) = (job.section(), &job.step.revision) else { return Ok(true) };
    let beginnings = section.beginnings();
    let history = run.history();
    let began = clock(run.db)?;
    let before = started(run, job, &beginnings)?;
    // Before it counts as begun.
    if let Some(item) = section.items.get(before.unwrap_or(0)) {
        room::for_statement(run, &Deed::of(&item.sql)).map_err(|error| located(error, job, item))?;
    }
    if before.is_none() {
        let entry = run.entry(job, revision, None);
        history.start(run.db, &entry)?;
    }
    run.commit_so_far()?;
    let mut done = before.unwrap_or(0);
    if !statements(run, job, &beginnings, &mut done).map_err(|error| stopped(error, done))? {
        return Ok(false);
    }
    run.begin()?;
    if history.rows(run.db)? != run.rows {
        run.roll_back();
        return Ok(false);
    }
    run.step_started = began;
    run.at_stake.commit();
    let finished = run.finish(job, Vec::new(), planner).and_then(|()| run.commit_revision());
    finished.map_err(|error| stopped(error, done)).map(|()| true)
}

/// Does the statements of which none, or this many, are done, and counts them.
fn statements(run: &mut Run<'_, '_>, job: &Job, beginnings: &[String], done: &mut usize) -> Result<bool> {
    let (Some(section), Some(revision)) = (job.section(), &job.step.revision) else { return Ok(true) };
    let before = *done;
    for (at, item) in section.items.iter().enumerate() {
        let own = refuses_a_transaction(&item.sql);
        if at < before {
            // What only a connection knows is gone with the one that was told.
            if own && !is(&item.sql, &["VACUUM"]) {
                patiently(run, item).map_err(|error| located(error, job, item))?;
            }
            continue;
        }
        if !own {
            // With the note that it is done: both are there afterwards, or neither.
            run.begin()?;
        }
        match started(run, job, beginnings)? {
            None => {
                run.roll_back();
                return Ok(false);
            }
            Some(others) if others > at => {
                run.roll_back();
                *done = others;
                continue;
            }
            Some(_) => {}
        }
        let result = if own { patiently(run, item) } else { run.item(item).map(|_| ()) };
        result.map_err(|error| located(error, job, item))?;
        run.history().advance(run.db, revision, at + 1, &beginnings[at + 1])?;
        // What it leaves broken the next may mend.
        run.commit_so_far().map_err(|error| located(error, job, item))?;
        *done = at + 1;
    }
    Ok(true)
}

/// How many of the statements are done, if the revision was begun and not finished.
///
/// Errors: [`ErrorKind::Unfinished`] where those that are done are others.
fn started(run: &mut Run<'_, '_>, job: &Job, beginnings: &[String]) -> Result<Option<usize>> {
    let revision = job.step.revision.as_deref().unwrap_or_default();
    match run.history().started(run.db, revision)? {
        Some(begun) if !begun.is_begun_by(beginnings) => Err(begun_otherwise(&begun, job.file.as_deref())),
        begun => Ok(begun.map(|begun| begun.statements)),
    }
}

/// Runs a statement that may give up at once where another connection holds a lock, again and again for
/// as long as the connection waits for locks elsewhere: a change of `journal_mode` does not call the busy
/// handler, because it reads already when it asks for the exclusive lock
/// (<https://sqlite.org/c3ref/busy_handler.html>).
fn patiently(run: &mut Run<'_, '_>, item: &Item) -> Result<()> {
    let timeout = run.db.integer("PRAGMA busy_timeout", &[])?.unwrap_or(0).max(0) as u64;
    let began = clock(run.db)?;
    loop {
        match run.item(item) {
            Err(error)
                if error.kind() == ErrorKind::Locked && clock(run.db)?.saturating_sub(began) < timeout =>
            {
                run.tell(&Event::Working)?;
                run.db.wait();
            }
            other => return other.map(|_| ()),
        }
    }
}

/// Statements that SQLite refuses or ignores inside a transaction. Each may run a second time: the process
/// may die between it and the note that it is done.
fn refuses_a_transaction(sql: &str) -> bool {
    is(sql, &["VACUUM", "PRAGMA", "ATTACH", "DETACH"])
}

fn is(sql: &str, words: &[&str]) -> bool {
    let first = sql.split_ascii_whitespace().next().unwrap_or_default();
    words.iter().any(|word| first.eq_ignore_ascii_case(word))
}
