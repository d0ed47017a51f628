//! limbeck: Alembic's model in a library that ships inside an app, for SQLite. A folder of
//! migrations, a revision graph, upgrade and downgrade, and every `ALTER TABLE`.
//!
//! ```
//! # #[cfg(feature = "rusqlite")] {
//! use limbeck::Migrator;
//!
//! let migrations = [
//!     ("0001_notes.sql", "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, body TEXT)"),
//!     ("0002_titles.sql", "ALTER TABLE notes ALTER title SET NOT NULL, ALTER body SET DEFAULT ''"),
//! ];
//! let mut db = rusqlite::Connection::open_in_memory().unwrap();
//!
//! let report = Migrator::new(&migrations)?.app_version("2.0").upgrade(&mut db, "head")?;
//! assert_eq!(report.to, ["0002"]);
//!
//! // A second launch finds nothing to do: no write, no lock.
//! assert!(Migrator::new(&migrations)?.upgrade(&mut db, "head")?.is_empty());
//! # }
//! # Ok::<(), limbeck::Error>(())
//! ```
//!
//! # The road from file to COMMIT
//!
//! Data flows one way: `sources → revision graph → plan → statements → alterations → database`.
//!
//! | module | its job | knows a database |
//! |---|---|---|
//! | [`sql`] | text: tokens, statements, names | no |
//! | [`schema`] | what a `CREATE TABLE` says, and edits of it | no |
//! | [`alter`] | the extended `ALTER TABLE`: read, applied, turned into statements | no |
//! | [`diff`] | what lies between two schemas | no |
//! | [`graph`] | revisions, targets, plans | no |
//! | [`script`] | migration files | no |
//! | [`lint`] | what in a migration will hurt | to ask it |
//! | [`db`] | the [`Database`] trait, its contract, rusqlite | yes |
//! | `inspect`, `history` | definitions and version rows, read and written | yes |
//! | `execute` | one run from BEGIN to COMMIT, with the proof that nothing else changed | yes |
//! | [`Migrator`] | the only one that sees everything | yes |
//! | `cli` (feature) | the command: arguments and settings in, one call of the `Migrator`, text or JSON out | through its host |

pub mod alter;
#[cfg(feature = "cli")]
pub mod cli;
pub mod db;
mod dependents;
pub mod diff;
mod error;
mod event;
mod execute;
mod foreign_keys;
pub mod graph;
mod history;
mod inspect;
pub mod lint;
mod migrator;
mod proof;
mod report;
pub mod schema;
pub mod script;
pub mod sql;

pub use alter::RebuildMode;
pub use db::{Database, Value};
pub use diff::{Difference, DifferenceKind};
pub use error::{Error, ErrorKind, Result, Violation};
pub use event::Event;
pub use execute::{Code, CodeStep, TransactionMode};
pub use history::VERSION_TABLE;
pub use migrator::{Migrator, NewerDatabase, RevisionInfo};
pub use report::{
    AlterationReport, Direction, DryRun, DryStep, NewerRevision, Report, StepReport, Timing, Way,
};
