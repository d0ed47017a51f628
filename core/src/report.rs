//! What a run did, as plain data.
//!
//! A [`Report`] holds strings and numbers only, so that an [`Error`](crate::Error) can carry the
//! one that was begun, every binding can hand it over as it is, and two surfaces that did the same
//! print the same JSON. `timing` is the only member whose value may differ between two equal runs.

use serde::{Deserialize, Serialize};

/// The way in which an alteration reached the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// SQLite's own `ALTER TABLE`; where only columns are added to a table without rows, `DROP TABLE` and
    /// `CREATE TABLE`, which come to the same and do not read the whole schema anew.
    Native,
    /// The stored `CREATE` text was edited.
    InPlace,
    /// A new table, the rows copied, the old table dropped.
    Rebuild,
}

/// What a step does with its revision. It is read by its verb too: `upgrade`, `downgrade`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The revision is applied.
    #[serde(alias = "upgrade")]
    Up,
    /// The revision is taken back.
    #[serde(alias = "downgrade")]
    Down,
    /// Only the version rows change.
    Stamp,
}

impl Direction {
    /// `up`, `down` or `stamp`, as reports and `limbeck_history` spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Up => "up",
            Direction::Down => "down",
            Direction::Stamp => "stamp",
        }
    }
}

/// One batch of actions on one table, as it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlterationReport {
    /// The table's name before the alteration.
    pub table: String,
    /// Which way was taken.
    pub way: Way,
    /// Why a cheaper way was not taken; absent for the cheapest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Rows copied by a rebuild, or written anew for a new type: 0 where none was.
    pub rows: u64,
}

/// One revision, as it was applied, taken back or stamped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// The revision's id.
    pub revision: String,
    /// What was done with it.
    pub direction: Direction,
    /// Its `ALTER TABLE` batches, in order.
    pub alterations: Vec<AlterationReport>,
}

/// A revision that a database has and the app does not: a newer version of the app applied it. What
/// the database has not recorded is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewerRevision {
    /// The revision's id.
    pub revision: String,
    /// What it does.
    pub message: String,
    /// When it was applied, in UTC.
    pub applied_at: Option<String>,
    /// The version of the app that applied it.
    pub app_version: Option<String>,
    /// Whether an app that does not have it can use the database after it.
    pub compatible: Option<bool>,
    /// Whether the database has the script that undoes it.
    pub has_downgrade: bool,
}

/// What a run would do, as far as it can be known without its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DryRun {
    /// The version rows now, sorted.
    pub from: Vec<String>,
    /// The version rows after, sorted.
    pub to: Vec<String>,
    /// The steps, in order.
    pub steps: Vec<DryStep>,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

/// One revision, as it would be applied or taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DryStep {
    /// The revision's id.
    pub revision: String,
    /// What would be done with it.
    pub direction: Direction,
    /// What would run, without limbeck's own record.
    pub statements: Vec<String>,
    /// Its `ALTER TABLE` batches, in order; `rows` are those that a rebuild would copy.
    pub alterations: Vec<AlterationReport>,
    /// Why an app that does not have the revision might not live with it: `line 3: notes: DROP COLUMN title`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaks_older_apps: Option<String>,
}

/// How long things took. By SQLite's clock: the core reads none of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Timing {
    /// The whole run, in milliseconds.
    pub total_ms: u64,
    /// Each step, in milliseconds, in the order of [`Report::steps`].
    pub steps_ms: Vec<u64>,
}

/// What a run did: returned on success, and carried by the error of a run that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The version rows before, sorted.
    pub from: Vec<String>,
    /// The version rows after, sorted. After a failure: what is committed.
    pub to: Vec<String>,
    /// The steps that are committed, in order.
    pub steps: Vec<StepReport>,
    /// What a reader should know although nothing failed.
    pub warnings: Vec<String>,
    /// What the database has and the app does not, where the app runs on all the same
    /// ([`NewerDatabase::RunOn`](crate::NewerDatabase::RunOn)), in the order in which it was applied.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub newer: Vec<NewerRevision>,
    /// The backup that was taken before the first write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
    /// How long it took.
    pub timing: Timing,
}

impl Report {
    /// Of a run that found nothing to do, with the database at these rows.
    pub(crate) fn nothing(rows: Vec<String>) -> Report {
        Report { from: rows.clone(), to: rows, ..Report::default() }
    }

    /// The report as one line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a report holds strings and numbers only")
    }

    /// Whether the run found nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.from == self.to
    }
}
