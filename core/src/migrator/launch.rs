//! The question that a launch asks before all else: is the database current for these files?
//!
//! It reads no header, and one row of the database, or the header of the file. Nothing that reads a migration, or
//! changes a database, is reached from here, so that a program which holds this alone is small.

use crate::db::Database;
use crate::error::Result;
use crate::execute::header;
use crate::history::{History, Mark, VERSION_TABLE};
use crate::report::Report;
use crate::script::{Digest, Header};

/// What a digest is of, beside the files: to be counted up where what a graph or a plan comes to may differ
/// for files that were there before.
const RULES: &str = "1";

/// Whether a database is current for a folder of migrations: what
/// [`Migrator::upgrade`](crate::Migrator::upgrade) asks first, and the only thing that nearly every launch has to
/// know.
///
/// By itself it is for a program that loads the rest of limbeck only when there is something to do, as a page in a
/// browser does. Wherever the [`Migrator`](crate::Migrator) is there anyway, its `upgrade` is all that is needed.
///
/// ```
/// # #[cfg(feature = "rusqlite")] {
/// use limbeck::script::Source;
/// use limbeck::{Launch, Migrator};
///
/// let migrations = [("0001_notes.sql", "CREATE TABLE notes(title)")];
/// let mut db = rusqlite::Connection::open_in_memory().unwrap();
/// let launch = Launch::new(migrations.digest().unwrap());
/// assert_eq!(launch.report(&mut db, "head")?, None); // something is to do
///
/// Migrator::new(&migrations)?.upgrade(&mut db, "head")?;
/// assert_eq!(launch.report(&mut db, "head")?.unwrap().to, ["0001"]);
/// # }
/// # Ok::<(), limbeck::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Launch<'a> {
    files: Files,
    history: History<'a>,
    keep_user_version: bool,
}

impl<'a> Launch<'a> {
    /// For files with this digest, which [`Source::digest`](crate::script::Source::digest) gives.
    #[must_use]
    pub fn new(files: Digest) -> Launch<'a> {
        Launch::of(Files::new(files), History::new(VERSION_TABLE, true), false)
    }

    pub(super) fn of(files: Files, history: History<'a>, keep_user_version: bool) -> Launch<'a> {
        Launch { files, history, keep_user_version }
    }

    /// With a revision in code among them, as [`Migrator::with_code`](crate::Migrator::with_code) is given it.
    #[must_use]
    pub fn with_code(mut self, name: &str, header: &Header) -> Self {
        self.files = self.files.with_code(name, header);
        self
    }

    /// As [`Migrator::version_table`](crate::Migrator::version_table).
    #[must_use]
    pub fn version_table(mut self, name: &'a str) -> Self {
        self.history = History::new(name, true);
        self
    }

    /// As [`Migrator::keep_user_version`](crate::Migrator::keep_user_version).
    #[must_use]
    pub fn keep_user_version(mut self, keep: bool) -> Self {
        self.keep_user_version = keep;
        self
    }

    /// What [`Migrator::upgrade`](crate::Migrator::upgrade) to a target would report, where it would find nothing to do
    /// by the digest that the last run has left. `None` where that has to look further: where there is something to
    /// do, where the files are new, where nothing or an earlier limbeck has left no digest.
    ///
    /// The database: one SELECT, or one PRAGMA; no lock is taken and nothing is written.
    ///
    /// Errors: [`ErrorKind::UserVersionTaken`](crate::ErrorKind::UserVersionTaken), and `database.*` for one that cannot
    /// be read.
    pub fn report(&self, db: &mut dyn Database, target: &str) -> Result<Option<Report>> {
        match self.ask(db, target)? {
            Answer::Current(report) => Ok(Some(report)),
            Answer::Unknown(_) => Ok(None),
        }
    }

    pub(super) fn ask(&self, db: &mut dyn Database, target: &str) -> Result<Answer> {
        if self.keep_user_version {
            let number = header::read(db)?;
            if self.files.states(target).any(|files| i64::from(files.folded()) == number) {
                return Ok(Answer::Current(Report::default()));
            }
        }
        let (rows, mark) = self.history.launch(db)?.unzip();
        let mark = mark.flatten();
        if self.keep_user_version {
            header::refuse_foreign(db, mark.as_deref())?;
        }
        match (rows, mark) {
            (Some(rows), Some(mark)) if self.files.are_marked(&mark, &rows, target) => {
                Ok(Answer::Current(Report::nothing(rows)))
            }
            (rows, _) => Ok(Answer::Unknown(rows)),
        }
    }
}

/// What a launch has found out.
pub(super) enum Answer {
    /// Nothing is to do.
    Current(Report),
    /// That is not known; nor, where the database has no record of its own, are the version rows.
    Unknown(Option<Vec<String>>),
}

/// All that a folder's graph is made of, in a digest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Files(Digest);

impl Files {
    pub fn new(files: Digest) -> Files {
        Files(files.with("\0rules", RULES))
    }

    pub fn with_code(self, name: &str, header: &Header) -> Files {
        let header = serde_json::to_string(header).expect("a header holds texts and lists of them");
        Files(self.0.with(name, &header))
    }

    /// What a database is marked with where nothing is left to do.
    pub fn mark(self, rows: &[String], one_head: bool) -> Mark {
        Mark::new(self.state(one_head), rows)
    }

    /// Whether a mark says that nothing is to do up to a target.
    fn are_marked(self, mark: &str, rows: &[String], target: &str) -> bool {
        self.states(target).any(|files| Mark::new(files, rows).to_string() == mark)
    }

    /// The states of which a mark says that up to a target.
    fn states(self, target: &str) -> impl Iterator<Item = Digest> {
        let (one, several) = (target == "head" || target == "heads", target == "heads");
        [one.then(|| self.state(true)), several.then(|| self.state(false))].into_iter().flatten()
    }

    /// Files whose heads are one, so that `head` and `heads` are the same, or several.
    fn state(self, one_head: bool) -> Digest {
        self.0.with("\0heads", if one_head { "one" } else { "several" })
    }
}
