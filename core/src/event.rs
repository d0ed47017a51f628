//! What a run says while it works.

use std::ops::ControlFlow;

use serde::Serialize;

use crate::report::Direction;

/// Something that has just happened, or is going on. Every event is also a question: a callback
/// that answers [`ControlFlow::Break`] cancels the run, and everything is rolled back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event<'a> {
    /// A step begins.
    StepStarted {
        /// The revision.
        revision: &'a str,
        /// What is done with it.
        direction: Direction,
        /// As Alembic logs it: `Running upgrade a1 -> b2, add users`.
        text: &'a str,
        /// Which step of the run it is, counted from 1.
        step: usize,
        /// How many steps the run has.
        of: usize,
    },
    /// The file, or a backup, is looked through for damage.
    Checking,
    /// Rows of a table that is being rebuilt were copied.
    Copied {
        /// The table.
        table: &'a str,
        /// Rows copied so far.
        rows: u64,
        /// Rows that there are.
        of: u64,
    },
    /// The indexes of a rebuilt table are being built.
    Indexing {
        /// The table.
        table: &'a str,
        /// Which index it is, counted from 1.
        index: usize,
        /// How many there are.
        of: usize,
    },
    /// The database is being copied, before anything is changed.
    BackingUp {
        /// Pages copied so far.
        pages: u64,
        /// Pages that there are.
        of: u64,
    },
    /// A backup is being put in the database's place.
    Restoring {
        /// Pages copied so far.
        pages: u64,
        /// Pages that there are.
        of: u64,
    },
    /// The foreign keys of what has changed are checked, before COMMIT.
    Proving,
    /// A statement is still running; said every few milliseconds where the backend can.
    Working,
    /// A step is done, and not yet committed.
    StepFinished {
        /// The revision.
        revision: &'a str,
        /// How long it took.
        milliseconds: u64,
    },
}

impl Event<'_> {
    /// Hands it to the app's logger, where there is one (feature `log`): steps as Alembic logs them, what
    /// goes on within one as details.
    pub(crate) fn log(&self) {
        #[cfg(feature = "log")]
        match self {
            Event::StepStarted { text, .. } => log::info!(target: "limbeck", "{text}"),
            Event::StepFinished { revision, milliseconds } => {
                log::debug!(target: "limbeck", "{revision} took {milliseconds} ms");
            }
            Event::Checking => log::debug!(target: "limbeck", "looking for damage"),
            Event::Copied { table, rows, of } => {
                log::debug!(target: "limbeck", "copied {rows} of {of} rows of {table}");
            }
            Event::Indexing { table, index, of } => {
                log::debug!(target: "limbeck", "building index {index} of {of} of {table}");
            }
            Event::BackingUp { pages, of } => {
                log::debug!(target: "limbeck", "backed up {pages} of {of} pages");
            }
            Event::Restoring { pages, of } => {
                log::debug!(target: "limbeck", "restored {pages} of {of} pages");
            }
            Event::Proving => log::debug!(target: "limbeck", "checking foreign keys"),
            Event::Working => {}
        }
    }
}

/// What receives [`Event`]s.
pub(crate) type Listener<'a> = dyn FnMut(&Event<'_>) -> ControlFlow<()> + 'a;
