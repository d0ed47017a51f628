//! Revisions whose body is code: a closure of the app, a function of another language.
//!
//! Code says what is to be done as SQL text, and that text takes the same road as a file's: the same
//! refusals, the same alterations, the same proof. What it reads and writes on the database directly
//! is watched as a whole.

use std::fmt;

use super::watched::Watched;
use super::{Purpose, Run};
use crate::db::Database;
use crate::error::{Error, ErrorKind, Result, rolled_back};
use crate::report::{AlterationReport, Direction};
use crate::script::{CodeFile, Item, Section};

/// What the body of such a revision is handed: the run that it is part of.
///
/// The run's transaction is open and stays the run's: code neither commits nor rolls back.
pub struct CodeStep<'a> {
    work: &'a mut dyn Work,
    revision: &'a str,
    direction: Direction,
}

/// What a [`CodeStep`] asks of its run.
pub(super) trait Work {
    fn run_item(&mut self, item: &Item) -> Result<()>;
    fn direct(&mut self) -> Result<&mut dyn Database>;
    fn warn(&mut self, text: String);
}

impl CodeStep<'_> {
    /// The revision.
    pub fn revision(&self) -> &str {
        self.revision
    }

    /// Whether it is applied or taken back.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// Runs statements as a migration file holds them, the extended `ALTER TABLE` among them.
    /// Neighbouring `ALTER TABLE`s of one table in one call are one batch.
    ///
    /// Errors: those of a file's statements, each with the statement.
    pub fn execute(&mut self, sql: &str) -> Result<()> {
        let section = Section::parse(sql, 1).map_err(|error| error.in_statement(sql.trim()))?;
        if !section.transaction {
            return Err(Error::new(ErrorKind::ForbiddenStatement, "'transaction:false' inside code")
                .with_hint("write it in a SQL file of its own"));
        }
        for item in &section.items {
            self.work.run_item(item).map_err(|error| error.in_statement(&item.sql))?;
        }
        Ok(())
    }

    /// The database itself, inside the run's transaction, for what needs a query's answer. Every table
    /// with foreign keys is checked before COMMIT once this was called: what is written here is not seen.
    ///
    /// Errors: [`ErrorKind::NotOffline`] where there is none, because a script is printed.
    pub fn database(&mut self) -> Result<&mut dyn Database> {
        self.work.direct()
    }

    /// Adds a line to the warnings of the report.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.work.warn(text.into());
    }
}

/// One direction of a [`Code`].
type CodeBody<'a> = Box<dyn Fn(&mut CodeStep<'_>) -> Result<()> + 'a>;

/// A revision whose body is code.
///
/// ```
/// # #[cfg(feature = "rusqlite")] {
/// use limbeck::script::Header;
/// use limbeck::{Code, Migrator};
///
/// let files = [("0001_notes.sql", "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)")];
/// let slugs = Code::new("0002_slugs", Header::default(), |step| {
///     step.execute("ALTER TABLE notes ADD COLUMN slug TEXT NOT NULL DEFAULT '' AFTER id")?;
///     let titles = step.database()?.texts("SELECT title FROM notes", &[])?;
///     assert!(titles.is_empty());
///     Ok(())
/// })
/// .down(|step| step.execute("ALTER TABLE notes DROP COLUMN slug"));
///
/// let mut db = rusqlite::Connection::open_in_memory().unwrap();
/// let report = Migrator::with_code(&files, vec![slugs])?.upgrade(&mut db, "head")?;
/// assert_eq!(report.to, ["0002"]);
/// # }
/// # Ok::<(), limbeck::Error>(())
/// ```
pub struct Code<'a> {
    pub(crate) file: CodeFile,
    up: CodeBody<'a>,
    down: Option<CodeBody<'a>>,
}

impl<'a> Code<'a> {
    /// A revision that stands among the files of a folder by its name, with what a file's header
    /// would say of it.
    pub fn new(
        name: impl Into<String>,
        header: crate::script::Header,
        up: impl Fn(&mut CodeStep<'_>) -> Result<()> + 'a,
    ) -> Code<'a> {
        let file = CodeFile { name: name.into(), header, text: "".into() };
        Code { file, up: Box::new(up), down: None }
    }

    /// With its way back; without one it cannot be taken back.
    #[must_use]
    pub fn down(mut self, down: impl Fn(&mut CodeStep<'_>) -> Result<()> + 'a) -> Code<'a> {
        self.down = Some(Box::new(down));
        self
    }

    /// With its source text, to be shown.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Code<'a> {
        self.file.text = text.into().into();
        self
    }

    /// Whether it can be taken back.
    pub fn has_down(&self) -> bool {
        self.down.is_some()
    }

    /// Does what the upgrade does, as a part of another code's.
    pub(crate) fn upgrade(&self, step: &mut CodeStep<'_>) -> Result<()> {
        (self.up)(step)
    }

    fn body(&self, direction: Direction) -> Option<&CodeBody<'a>> {
        match direction {
            Direction::Up => Some(&self.up),
            Direction::Down => self.down.as_ref(),
            Direction::Stamp => None,
        }
    }
}

impl fmt::Debug for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Runs one direction of a code revision inside a run, and answers the alterations it made.
pub(super) fn run(
    run: &mut Run<'_, '_>,
    code: &Code<'_>,
    revision: &str,
    direction: Direction,
) -> Result<Vec<AlterationReport>> {
    let file = &code.file.name;
    let Some(body) = code.body(direction) else { return Ok(Vec::new()) };
    let placed = |error: Error| error.in_revision(revision).in_file(file);
    run.db.probe(|db| db.execute("SAVEPOINT limbeck_code")).map_err(placed)?;
    let mut work = Inside { run, revision, alterations: Vec::new(), direct: false, by_itself: false };
    let result = body(&mut CodeStep { work: &mut work, revision, direction });
    let (result, gone) = match work.has_kept_the_transaction() {
        Ok(true) => (result, None),
        Ok(false) => (result, Some(work.gone())),
        Err(error) => (result.and(Err(error)), None),
    };
    let Inside { run, alterations, direct, .. } = work;
    match (result, gone) {
        (Ok(()), None) => {}
        (Ok(()), Some(gone)) => return Err(placed(gone)),
        // The error that began it is the one to report; that something may be left is to be said too.
        (Err(error), Some(gone)) if gone.kind() == ErrorKind::CodeFailed => {
            run.report.warnings.push(format!("{gone}: what the run did before that may be committed"));
            let error = error.noting("and it ended the transaction");
            return Err(placed(error.with_hint(format!("look what is left of the run: {gone}"))));
        }
        (Err(error), _) => return Err(placed(error)),
    }
    if direct {
        run.watch.new_tables(run.db)?;
    }
    Ok(alterations)
}

struct Inside<'i, 'r, 'l> {
    run: &'i mut Run<'r, 'l>,
    revision: &'i str,
    alterations: Vec<AlterationReport>,
    direct: bool,
    /// SQLite has rolled the transaction back, in a statement that was run here.
    by_itself: bool,
}

impl Inside<'_, '_, '_> {
    /// Whether the transaction that is open is the run's: code that has ended it may have begun another, which does not
    /// know the savepoint.
    fn has_kept_the_transaction(&mut self) -> Result<bool> {
        if !self.run.db.in_transaction() {
            return Ok(false);
        }
        match self.run.db.probe(|db| db.execute("RELEASE limbeck_code")) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::StatementFailed => Ok(false),
            // Nothing else locks a savepoint, and the run's COMMIT would fail alike.
            Err(error) if error.kind() == ErrorKind::Locked => {
                let message =
                    format!("the code of revision {} left a statement that writes unfinished", self.revision);
                Err(Error::new(ErrorKind::CodeFailed, message)
                    .with_hint("finalize or reset its statements before it returns"))
            }
            Err(error) => Err(error),
        }
    }

    /// What is to be said where the transaction is over: a statement of the core's has lost it to an error of the disk or an
    /// interruption, or else the code has ended it.
    fn gone(&self) -> Error {
        if self.by_itself {
            rolled_back(None)
        } else {
            ended(&format!("the code of revision {}", self.revision))
        }
    }
}

/// Somebody else than SQLite or the run has ended the transaction.
pub(super) fn ended(who: &str) -> Error {
    Error::new(ErrorKind::CodeFailed, format!("{who} ended the transaction")).with_hint(
        "neither commit nor roll back there, and look what is left of the run: it may be committed",
    )
}

impl Work for Inside<'_, '_, '_> {
    fn run_item(&mut self, item: &Item) -> Result<()> {
        if self.run.db.ended() {
            return Err(self.gone());
        }
        // Code may have its own way to the connection, and use it at any time.
        self.run.known.forget();
        let done = self.run.item(item);
        self.by_itself = if done.is_err() { !self.run.db.in_transaction() } else { self.run.db.ended() };
        self.alterations.extend(done?);
        Ok(())
    }

    fn direct(&mut self) -> Result<&mut dyn Database> {
        if self.run.options.purpose == Purpose::Script {
            return Err(Error::new(ErrorKind::NotOffline, "the code looks into the database")
                .with_hint("run it on the database itself, without --sql"));
        }
        if !self.direct {
            let Run { watch, db, listener, .. } = &mut *self.run;
            watch.everything(&mut Watched { db: *db, listener: *listener })?;
            self.direct = true;
        }
        Ok(&mut *self.run.db)
    }

    fn warn(&mut self, text: String) {
        self.run.warnings.push(text);
    }
}
