//! limbeck: Alembic's model in a library that ships inside an app, for SQLite. A folder of
//! migrations, a revision graph, upgrade and downgrade, and every `ALTER TABLE`. Nothing is lost, or
//! nothing happens.
//!
//! # A first upgrade
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
//! Migrations come from a list as here, from the binary (`embed_migrations!`, feature `include_dir`; a `build.rs` that prints
//! `cargo:rerun-if-changed=migrations` has Cargo notice a new file), or from a folder on disk ([`script::Folder`]); what a
//! file may say is told in [`script`], the `ALTER TABLE`s in [`alter`]. The database is a rusqlite connection (feature
//! `rusqlite`, or `bundled` with an SQLite inside), or whatever implements [`Database`].
//!
//! An error says what to do, and the database is as it was:
//!
//! ```
//! # #[cfg(feature = "rusqlite")] {
//! use limbeck::{ErrorKind, Migrator};
//!
//! let migrations = [
//!     ("0001_notes.sql", "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT); INSERT INTO notes VALUES (7, NULL)"),
//!     ("0002_titles.sql", "ALTER TABLE notes ALTER title SET NOT NULL"),
//! ];
//! let mut db = rusqlite::Connection::open_in_memory().unwrap();
//!
//! let error = Migrator::new(&migrations)?.upgrade(&mut db, "head").unwrap_err();
//! assert_eq!((error.kind(), error.code()), (ErrorKind::RowsBreakRule, "alter.rows_break_rule"));
//! assert_eq!(error.file(), Some("0002_titles.sql"));
//! assert_eq!(error.hint(), Some("give them a value first: UPDATE notes SET title = …"));
//! assert_eq!(error.violations()[0].count, 1);
//! # }
//! # Ok::<(), limbeck::Error>(())
//! ```
//!
//! # What an app chooses
//!
//! Everything has a default that is safe; each is a method of the [`Migrator`] before the verb:
//!
//! | question | method | default |
//! |---|---|---|
//! | Is the run one transaction, or each revision? | [`transaction`](Migrator::transaction) | the run |
//! | What if the database is newer than this app? | [`newer_database`](Migrator::newer_database) | refused, and told what it has |
//! | Is there a backup before the first write? | [`backup`](Migrator::backup) | no |
//! | May tables be rebuilt? | [`rebuild`](Migrator::rebuild) | where nothing cheaper is safe |
//! | Is the file looked through for damage first? | [`quick_check`](Migrator::quick_check) | up to 64 MiB |
//! | May the schema call the app's functions? | [`trust_schema`](Migrator::trust_schema) | only harmless ones |
//! | Who sees progress, and may cancel? | [`on_event`](Migrator::on_event), [`cancel_handle`](Migrator::cancel_handle) | nobody |
//! | May limbeck have the file's `user_version`? | [`keep_user_version`](Migrator::keep_user_version) | no |
//! | Which version of the app was it? | [`app_version`](Migrator::app_version) | not kept |
//!
//! ```
//! # #[cfg(feature = "rusqlite")] {
//! use limbeck::{Backups, Migrator, NewerDatabase, TransactionMode};
//!
//! # let migrations = [("0001_notes.sql", "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)")];
//! # let folder = std::env::temp_dir().join(format!("limbeck-tour-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder).unwrap();
//! let mut db = rusqlite::Connection::open(folder.join("app.db")).unwrap();
//! let mut migrator = Migrator::new(&migrations)?
//!     .app_version("2.0")
//!     .transaction(TransactionMode::PerRevision)
//!     .newer_database(NewerDatabase::RunOn)
//!     .backup(Backups::new(folder.join("backups")).keep(3));
//! let report = migrator.upgrade(&mut db, "head")?;
//! # assert_eq!(report.to, ["0001"]);
//! # std::fs::remove_dir_all(&folder).unwrap();
//! # }
//! # Ok::<(), limbeck::Error>(())
//! ```
//!
//! # Where each verb is
//!
//! | to | methods of [`Migrator`] |
//! |---|---|
//! | change a database | [`upgrade`](Migrator::upgrade), [`downgrade`](Migrator::downgrade), [`stamp`](Migrator::stamp), [`ensure_version`](Migrator::ensure_version) |
//! | look at one | [`current`](Migrator::current), [`check_heads`](Migrator::check_heads), [`pending`](Migrator::pending), [`doctor`](Migrator::doctor) |
//! | see before what would happen | [`dry_run`](Migrator::dry_run), [`sql`](Migrator::sql) |
//! | look at the migrations | [`graph`](Migrator::graph), [`script`](Migrator::script), [`revisions`](Migrator::revisions), [`describe`](Migrator::describe), [`validate`](Migrator::validate) |
//! | try them | [`lint`](Migrator::lint()), [`test`](Migrator::test), [`test_snapshot`](Migrator::test_snapshot), [`invent`](Migrator::invent()) |
//! | compare schemas | [`check`](Migrator::check), [`diff`](Migrator::diff()), [`autogenerate`](Migrator::autogenerate), [`verify`](Migrator::verify), [`fingerprint`](Migrator::fingerprint) |
//! | keep what was | [`back_up`](Migrator::back_up), [`backups`](Migrator::backups), [`newest_compatible_backup`](Migrator::newest_compatible_backup), [`restore`](Migrator::restore) |
//! | go on with a database that is there | `adopt` and `adopt_compared` (feature `refinery`), [`recognise`](Migrator::recognise), [`adopt_schema`](Migrator::adopt_schema) |
//!
//! A revision may be code, too: [`Code`]. A program that loads limbeck only when there is something to do, as a page
//! does, asks [`Launch`] first. What they are called in C, Python, JavaScript and on the command line
//! stands in `guides::parity`.
//!
//! # Guides
//!
//! Coming from Alembic, refinery, rusqlite_migration, sqlx or Drizzle; writing migrations that survive; the command line; what is
//! promised: all of them in `guides`. Every error and what to do about it: [`ErrorKind`].
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
//! | [`operation`] | one step of a migration that limbeck writes | no |
//! | [`diff`] | what lies between two schemas | no |
//! | [`graph`] | revisions, targets, plans | no |
//! | [`script`] | migration files, limbeck's and other tools' | no |
//! | [`invent`] | rows that satisfy whatever the tables demand | to judge them |
//! | `set` | a set that is little code | no |
//! | `deed`, `reading` | what a statement does, what each of a file's does | no |
//! | [`lint`] | what in a migration will hurt | to ask it |
//! | [`trial`] | what a migration did to rows, against what it says | to read them |
//! | [`db`] | the [`Database`] trait, its contract, rusqlite | yes |
//! | `backup` | a copy before a run, and its way back | yes |
//! | `inspect`, `history` | definitions and version rows, read and written | yes |
//! | `execute` | one run from BEGIN to COMMIT, with the proof that nothing else changed | yes |
//! | [`Migrator`] | the only one that sees everything | yes |
//! | `cli` (feature `command`) | the command: arguments and settings in, one call of the `Migrator`, text or JSON out | through its host |

#[cfg(all(doc, feature = "bundled", feature = "include_dir", feature = "refinery"))]
#[macro_use]
mod pages;

pub mod alter;
mod backup;
mod cancel;
#[cfg(feature = "command")]
pub mod cli;
pub mod db;
mod deed;
mod dependents;
pub mod diff;
mod error;
mod event;
mod execute;
mod foreign_keys;
pub mod graph;
// Pages for people: nothing of them is in a program. With all features, because their examples use them.
#[cfg(all(doc, feature = "bundled", feature = "include_dir", feature = "refinery"))]
pub mod guides;
mod history;
mod inspect;
pub mod invent;
pub mod lint;
mod migrator;
pub mod operation;
mod proof;
mod reading;
mod report;
mod room;
pub mod schema;
pub mod script;
mod set;
pub mod sql;
pub mod trial;

pub use alter::RebuildMode;
pub use backup::{Backup, Backups};
pub use cancel::CancelHandle;
pub use db::{Database, Value};
pub use diff::{Diff, Difference, DifferenceKind};
pub use error::{Error, ErrorKind, Result, Violation};
pub use event::Event;
pub use execute::{Code, CodeStep, QuickCheck, TransactionMode};
pub use history::VERSION_TABLE;
pub use migrator::{
    Autogenerated, Doctor, Estimate, KnownFault, Launch, Migrator, NewerDatabase, OldViolation, PastStep,
    Progress, Recognised, RevisionInfo, Scratch, Setting, Side, StepEstimate, TableEstimate, Verified,
    VolumeEstimate, Work,
};
pub use report::{
    AlterationReport, Direction, DryRun, DryStep, NewerRevision, Report, StepReport, Timing, Way,
};
pub use room::Room;
