//! What a migration did to rows, against what it says it does. [`Migrator::test`](crate::Migrator::test)
//! brings the rows; here they are read, compared, and told.
//!
//! What is honest: a downgrade brings the schema back, and every value of a column that is there
//! throughout. What the author has written down as lost or changed (a DROP COLUMN, a DELETE or UPDATE, a
//! new type) is a note; what nobody has written down is a failure.

mod compare;
mod declared;
mod rows;
#[cfg(all(test, feature = "rusqlite"))]
mod tests;

use serde::Serialize;

pub(crate) use compare::{Comparison, Found};
pub(crate) use declared::Declared;
pub(crate) use rows::Rows;

use crate::diff::Difference;
use crate::error::Error;
use crate::invent::LeftOut;

/// How a folder is tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOptions {
    /// By which rows are invented.
    pub seed: u64,
    /// How many rows each table gets.
    pub rows: usize,
    /// Which revisions: `low:high`, as for a history; `:` is all.
    pub range: String,
}

impl Default for TestOptions {
    fn default() -> TestOptions {
        TestOptions { seed: 1, rows: 8, range: ":".to_owned() }
    }
}

/// What a test of a folder found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Tested {
    /// By which the rows were invented: the same seed invents the same.
    pub seed: u64,
    /// The revisions, in the order in which they run.
    pub revisions: Vec<RevisionTested>,
    /// The databases of past releases.
    pub snapshots: Vec<SnapshotTested>,
}

/// One revision: applied, taken back and applied again, on an empty database and on rows; and the way
/// from it to the heads.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RevisionTested {
    /// Its id.
    pub revision: String,
    /// Its file.
    pub file: String,
    /// How many rows were invented before it.
    pub rows: u64,
    /// In how many tables.
    pub tables: usize,
    /// Whether it can be taken back, and so was.
    pub downgrade: bool,
    /// Tables for which no row could be invented, so that nothing is known of theirs.
    pub left_out: Vec<LeftOut>,
    /// What is wrong.
    pub failures: Vec<Trouble>,
    /// What the author has written down, and a reader should know.
    pub notes: Vec<Trouble>,
}

/// A database of a past release, brought to the heads.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SnapshotTested {
    /// Its name.
    pub name: String,
    /// The revisions that it was at.
    pub from: Vec<String>,
    /// How many rows it has.
    pub rows: u64,
    /// What is wrong.
    pub failures: Vec<Trouble>,
    /// What the authors of its migrations have written down, and a reader should know.
    pub notes: Vec<Trouble>,
}

/// Where on the way something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Before the revision: those before it make the database.
    Before,
    /// It was applied.
    Up,
    /// It was taken back.
    Down,
    /// It was applied once more.
    UpAgain,
    /// The database went on to the heads.
    ToHeads,
}

impl Stage {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Before => "before",
            Stage::Up => "upgrade",
            Stage::Down => "downgrade",
            Stage::UpAgain => "upgrade again",
            Stage::ToHeads => "upgrade to the heads",
        }
    }
}

/// What the database held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowsKind {
    /// No invented rows.
    None,
    /// Whatever the constraints allow.
    Odd,
    /// Such as an app writes.
    Plain,
    /// One plain row a table.
    Single,
    /// Those of a release's database.
    Snapshot,
}

impl RowsKind {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            RowsKind::None => "on an empty database",
            RowsKind::Odd => "on odd rows",
            RowsKind::Plain => "on plain rows",
            RowsKind::Single => "on one plain row a table",
            RowsKind::Snapshot => "on its own rows",
        }
    }
}

/// One thing that was found.
#[derive(Debug, Clone, Serialize)]
pub struct Trouble {
    /// Where on the way.
    pub stage: Stage,
    /// What the database held.
    pub on: RowsKind,
    /// What was found: lowercase, no full stop.
    pub message: String,
    /// The first row that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<RowShown>,
    /// How the schemas differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// The error, where a step failed.
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    pub error: Option<Error>,
}

/// A row before and after, as SQL literals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowShown {
    /// The table, by its name before.
    pub table: String,
    /// By what the row is known: its primary key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The columns that were compared.
    pub columns: Vec<String>,
    /// Its values before; none for a row that is new.
    pub before: Option<Vec<String>>,
    /// Its values after; none for a row that is gone.
    pub after: Option<Vec<String>>,
}

impl Trouble {
    /// A step that failed.
    pub(crate) fn error(stage: Stage, on: RowsKind, error: Error) -> Trouble {
        let message = format!("the {} fails: {error}", stage.as_str());
        Trouble { stage, on, message, row: None, differences: Vec::new(), error: Some(error) }
    }

    /// A schema that is not what it should be.
    pub(crate) fn schema(stage: Stage, on: RowsKind, message: &str, differences: Vec<Difference>) -> Trouble {
        Trouble { stage, on, message: message.to_owned(), row: None, differences, error: None }
    }

    /// Anything else.
    pub(crate) fn plain(stage: Stage, on: RowsKind, message: String, row: Option<RowShown>) -> Trouble {
        Trouble { stage, on, message, row, differences: Vec::new(), error: None }
    }
}

impl Tested {
    /// Whether nothing failed.
    pub fn is_good(&self) -> bool {
        self.revisions.iter().all(|revision| revision.failures.is_empty())
            && self.snapshots.iter().all(|snapshot| snapshot.failures.is_empty())
    }
}
