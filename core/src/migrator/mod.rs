//! The verbs: what an app, a binding or the command line calls. The only folder that sees everything.
//!
//! `describe` tells of revisions, `jobs` joins plans with their scripts, `rehearse` runs them on a
//! twin to show what would run, `check` compares what they make with what is wanted, `lint` looks for
//! what will hurt.

#[cfg(feature = "refinery")]
mod adopt;
mod check;
mod describe;
mod jobs;
mod lint;
mod newer;
mod rehearse;

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use crate::alter::RebuildMode;
use crate::db::Database;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, Listener};
use crate::execute::{self, Code, Options, Purpose, TransactionMode};
use crate::graph::{Plan, RevisionGraph};
use crate::history::{History, VERSION_TABLE};
use crate::report::Report;
use crate::script::{self, Script, Source};
use jobs::Scripts;
use newer::Met;

pub use describe::RevisionInfo;
pub use newer::NewerDatabase;

/// A folder of migrations, ready to be brought to databases.
///
/// Reading it takes the headers only; a body is read when it is about to run, and all bodies that
/// a run needs are read, and refused if they must be, before its first write.
pub struct Migrator<'a> {
    scripts: Scripts<'a>,
    options: Options,
    newer: NewerDatabase,
    listener: Box<Listener<'a>>,
}

/// Reading and choosing.
impl<'a> Migrator<'a> {
    /// Reads a source: an embedded folder, a [`Folder`](crate::script::Folder) on disk, a list.
    ///
    /// Errors: the `graph.*` kinds, [`ErrorKind::BadDirective`], [`ErrorKind::SourceUnreadable`].
    pub fn new<S: Source + ?Sized>(source: &S) -> Result<Migrator<'a>> {
        Migrator::with_code(source, Vec::new())
    }

    /// As [`new`](Self::new), with revisions whose body is code among those of the source, each in
    /// its place by name.
    pub fn with_code<S: Source + ?Sized>(source: &S, code: Vec<Code<'a>>) -> Result<Migrator<'a>> {
        let files = code.iter().map(|code| code.file.clone()).collect();
        let all = script::read_with_code(&source, files)?;
        let graph = RevisionGraph::new(all.iter().map(|script| script.revision.clone()).collect())?;
        let options = Options {
            app_version: None,
            version_table: VERSION_TABLE.to_owned(),
            keep_history: true,
            rebuild: RebuildMode::default(),
            transaction: TransactionMode::default(),
            purpose: Purpose::Live,
        };
        let scripts = Scripts { all, graph, code };
        let newer = NewerDatabase::default();
        Ok(Migrator { scripts, options, newer, listener: Box::new(|_| ControlFlow::Continue(())) })
    }

    /// The app's version, kept with each step in `limbeck_history`.
    #[must_use]
    pub fn app_version(mut self, version: impl Into<String>) -> Self {
        self.options.app_version = Some(version.into());
        self
    }

    /// The table of version rows; `alembic_version` shares a database with Alembic.
    #[must_use]
    pub fn version_table(mut self, name: impl Into<String>) -> Self {
        self.options.version_table = name.into();
        self
    }

    /// Whether `limbeck_history` is kept: without it the database says which revisions it is at, and
    /// neither when they came nor how to undo them. For a file that is shared with Alembic, which
    /// would propose to drop a table that no model has. On, unless switched off.
    #[must_use]
    pub fn keep_history(mut self, keep: bool) -> Self {
        self.options.keep_history = keep;
        self
    }

    /// Whether tables may be rebuilt.
    #[must_use]
    pub fn rebuild(mut self, mode: RebuildMode) -> Self {
        self.options.rebuild = mode;
        self
    }

    /// What a transaction holds: the whole run, or one revision.
    #[must_use]
    pub fn transaction(mut self, mode: TransactionMode) -> Self {
        self.options.transaction = mode;
        self
    }

    /// What [`upgrade`](Self::upgrade) does with a database that has revisions which the folder does
    /// not: refuse it, run on, or take it down. The other verbs refuse it.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite")] {
    /// use limbeck::{Migrator, NewerDatabase};
    ///
    /// let new = [("0001_notes.sql", "CREATE TABLE notes(title)"), ("0002_pin.sql", "ALTER TABLE notes ADD pinned")];
    /// let old = &new[..1];
    /// let mut db = rusqlite::Connection::open_in_memory().unwrap();
    /// Migrator::new(&new)?.app_version("2.0").upgrade(&mut db, "head")?;
    ///
    /// let error = Migrator::new(old)?.upgrade(&mut db, "head").unwrap_err();
    /// assert_eq!(error.code(), "history.database_newer");
    /// assert_eq!((&*error.newer()[0].revision, error.newer()[0].app_version.as_deref()), ("0002", Some("2.0")));
    ///
    /// let report = Migrator::new(old)?.newer_database(NewerDatabase::RunOn).upgrade(&mut db, "head")?;
    /// assert_eq!((report.newer.len(), report.to), (1, vec!["0002".to_owned()]));
    /// # }
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    #[must_use]
    pub fn newer_database(mut self, choice: NewerDatabase) -> Self {
        self.newer = choice;
        self
    }

    /// What is told of a run's progress; [`ControlFlow::Break`] cancels it, and all is rolled back.
    #[must_use]
    pub fn on_event(mut self, listener: impl FnMut(&Event<'_>) -> ControlFlow<()> + 'a) -> Self {
        self.listener = Box::new(listener);
        self
    }

    /// The revisions and how they hang together.
    pub fn graph(&self) -> &RevisionGraph {
        &self.scripts.graph
    }

    /// The file of a revision, by its id or a former one.
    pub fn script(&self, revision: &str) -> Option<&Script> {
        self.scripts.get(revision)
    }

    /// Reads every body that is SQL: what a developer's build wants to know before a user's launch does.
    ///
    /// Errors: those of [`Script::body`].
    pub fn validate(&self) -> Result<()> {
        self.scripts.all.iter().filter(|script| !script.code).try_for_each(|script| script.body().map(|_| ()))
    }
}

/// The verbs.
impl Migrator<'_> {
    /// Applies revisions up to a target: `head`, `heads`, `+1`, an id or its beginning, a label.
    ///
    /// The database: the version rows are read first, and where nothing is to do that is all, with
    /// no lock taken. Otherwise one write transaction is held from the first step to the last (a
    /// savepoint inside the caller's own), with `foreign_keys` off meanwhile; a table is rewritten
    /// only where an ALTER needs it. On an error nothing has changed but what the report that it
    /// carries lists.
    ///
    /// Errors: `graph.*` for the target; [`ErrorKind::DatabaseNewer`], [`ErrorKind::ChangedRevision`],
    /// [`ErrorKind::Unfinished`] before any write; `script.*`, `sql.*`, `alter.*`, `proof.*` and
    /// `database.*` for what happens on the way.
    pub fn upgrade(&mut self, db: &mut dyn Database, target: &str) -> Result<Report> {
        let rows = self.history().rows(db)?;
        if self.unknown(&rows) {
            return self.upgrade_newer(db, rows, target);
        }
        let plan = self.graph().upgrade(&rows, target)?;
        if plan.is_empty() {
            return Ok(nothing(rows));
        }
        self.refuse_changed(db, &rows)?;
        self.run(db, plan, &|graph, rows| graph.upgrade(rows, target))
    }

    /// The database has what the folder does not.
    fn upgrade_newer(&mut self, db: &mut dyn Database, rows: Vec<String>, target: &str) -> Result<Report> {
        let met = Met::new(&self.options, self.graph(), db, &rows)?;
        match self.newer {
            NewerDatabase::Refuse => Err(met.error("")),
            NewerDatabase::RunOn => {
                let below = met.above_floor(self.graph())?;
                jobs::refuse_unfinished(&self.scripts, &self.options, db, &[])?;
                self.refuse_changed(db, &below)?;
                let lacks = self.graph().upgrade(&below, target)?;
                match lacks.steps.iter().find_map(|step| step.revision.as_ref()) {
                    None => Ok(Report { newer: met.newer(), ..nothing(rows) }),
                    Some(revision) => Err(met.error(&format!("; and it lacks revision {revision}"))),
                }
            }
            NewerDatabase::TakeDown => {
                self.refuse_changed(db, &self.graph().newest(met.below())?)?;
                let Migrator { scripts, options, listener, .. } = self;
                let mut again = |db: &mut dyn Database, rows: &[String]| {
                    newer::take_down(scripts, options, db, rows, target)
                };
                let all = again(db, &rows)?;
                execute::run(db, options, &mut **listener, &scripts.code, rows, all, &mut again)
            }
        }
    }

    /// Takes revisions back down to a target: `base`, `-1`, an id. As [`upgrade`](Self::upgrade).
    ///
    /// Errors: [`ErrorKind::NoDowngrade`] before any write where one of them has no `migrate:down`.
    pub fn downgrade(&mut self, db: &mut dyn Database, target: &str) -> Result<Report> {
        let rows = self.version_rows(db)?;
        let plan = self.graph().downgrade(&rows, target)?;
        if plan.is_empty() {
            return Ok(nothing(rows));
        }
        self.run(db, plan, &|graph, rows| graph.downgrade(rows, target))
    }

    /// Sets the version rows and runs no script: for a database that is there already.
    ///
    /// `purge` throws the rows away first, also such as the folder does not know.
    pub fn stamp(&mut self, db: &mut dyn Database, targets: &[&str], purge: bool) -> Result<Report> {
        let rows = if purge { self.history().rows(db)? } else { self.version_rows(db)? };
        let plan = self.graph().stamp(&rows, targets, purge)?;
        if plan.is_empty() {
            return Ok(nothing(rows));
        }
        self.run(db, plan, &|graph, rows| graph.stamp(rows, targets, purge))
    }

    /// Makes limbeck's own tables where they are missing, and answers whether any was.
    pub fn ensure_version(&self, db: &mut dyn Database) -> Result<bool> {
        let count = "SELECT count(*) FROM main.sqlite_master WHERE type = 'table'";
        let before = db.integer(count, &[])?;
        self.history().prepare(db)?;
        Ok(db.integer(count, &[])? != before)
    }

    /// What an upgrade to `heads` would do, step by step. Reads only.
    pub fn pending(&self, db: &mut dyn Database) -> Result<Plan> {
        let rows = self.version_rows(db)?;
        self.graph().upgrade(&rows, "heads")
    }

    /// The version rows, each of which the folder must know.
    fn version_rows(&self, db: &mut dyn Database) -> Result<Vec<String>> {
        let rows = self.history().rows(db)?;
        if self.unknown(&rows) {
            return Err(Met::new(&self.options, self.graph(), db, &rows)?.error(""));
        }
        Ok(rows)
    }

    /// Whether a row is none of the folder's.
    fn unknown(&self, rows: &[String]) -> bool {
        rows.iter().any(|row| self.graph().get(row).is_none())
    }

    /// Errors: [`ErrorKind::ChangedRevision`] if an applied script has another text now.
    fn refuse_changed(&self, db: &mut dyn Database, rows: &[String]) -> Result<()> {
        self.changed(db, rows)?.first().map_or(Ok(()), |changed| Err(changed.error()))
    }

    /// The applied scripts that have another text now.
    fn changed(&self, db: &mut dyn Database, rows: &[String]) -> Result<Vec<Changed<'_>>> {
        let applied: HashSet<&str> = self.graph().history(":current", rows)?.into_iter().collect();
        // A revision may have been recorded under a former id: what came last counts.
        let mut last = BTreeMap::new();
        for (revision, checksum, when) in self.history().checksums(db)? {
            if let Some(script) = self
                .script(&revision)
                .filter(|script| !script.code && applied.contains(script.revision.id.as_str()))
            {
                last.insert(&script.file, Changed { script, checksum, when });
            }
        }
        let mut found = Vec::new();
        for changed in last.into_values() {
            let Changed { script, checksum, .. } = &changed;
            if script.checksum()? != *checksum && !script.also.contains(checksum) {
                found.push(changed);
            }
        }
        Ok(found)
    }

    fn history(&self) -> History<'_> {
        self.options.history()
    }

    fn run(&mut self, db: &mut dyn Database, plan: Plan, again: &Again<'_>) -> Result<Report> {
        let Migrator { scripts, options, listener, .. } = self;
        run(scripts, options, &mut **listener, db, plan, again)
    }
}

/// An applied script that has another text now.
struct Changed<'m> {
    script: &'m Script,
    /// Of the text that was applied.
    checksum: String,
    when: String,
}

impl Changed<'_> {
    fn error(&self) -> Error {
        let Changed { script, checksum, when } = self;
        let revision = &script.revision.id;
        Error::new(
            ErrorKind::ChangedRevision,
            format!("revision {revision} was applied at {when} and has another text now"),
        )
        .in_revision(revision)
        .in_file(&script.file)
        .with_hint(format!("put the old text back, or declare it with '-- also: {checksum}'"))
    }
}

/// Plans anew for other version rows.
type Again<'a> = dyn Fn(&RevisionGraph, &[String]) -> Result<Plan> + 'a;

fn run(
    scripts: &Scripts<'_>,
    options: &Options,
    listener: &mut Listener<'_>,
    db: &mut dyn Database,
    plan: Plan,
    again: &Again<'_>,
) -> Result<Report> {
    let all = jobs::jobs(scripts, options, db, &plan)?;
    let mut again = |db: &mut dyn Database, rows: &[String]| {
        jobs::jobs(scripts, options, db, &again(&scripts.graph, rows)?)
    };
    execute::run(db, options, listener, &scripts.code, plan.rows, all, &mut again)
}

fn nothing(rows: Vec<String>) -> Report {
    Report { from: rows.clone(), to: rows, ..Report::default() }
}
