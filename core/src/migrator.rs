//! The verbs: what an app, a binding or the command line calls. The only file that sees everything.

use std::ops::ControlFlow;

use serde::Serialize;

use crate::alter::RebuildMode;
use crate::db::Database;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, Listener};
use crate::execute::{self, Code, Job, JobBody, Options, TransactionMode};
use crate::graph::{Plan, RevisionGraph, Step};
use crate::history::{History, VERSION_TABLE};
use crate::report::{Direction, Report};
use crate::script::{self, Script, Source};

/// A folder of migrations, ready to be brought to databases.
///
/// Reading it takes the headers only; a body is read when it is about to run, and all bodies that
/// a run needs are read, and refused if they must be, before its first write.
pub struct Migrator<'a> {
    scripts: Vec<Script>,
    graph: RevisionGraph,
    code: Vec<Code<'a>>,
    options: Options,
    listener: Box<Listener<'a>>,
}

/// One revision, for people and for `--json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RevisionInfo {
    /// Its id.
    pub revision: String,
    /// What it follows.
    pub revises: Vec<String>,
    /// The labels that its header names.
    pub branch_labels: Vec<String>,
    /// What else has to be applied before it.
    pub depends_on: Vec<String>,
    /// What it does; empty where the folder does not have it.
    pub message: String,
    /// Nothing follows it.
    pub head: bool,
    /// Several revisions follow it.
    pub branch_point: bool,
    /// It follows several revisions.
    pub merge_point: bool,
    /// The database is at it.
    pub current: bool,
    /// Its file; none where the folder does not have it.
    pub path: Option<String>,
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
        let scripts = script::read_with_code(&source, files)?;
        let graph = RevisionGraph::new(scripts.iter().map(|script| script.revision.clone()).collect())?;
        let options = Options {
            app_version: None,
            version_table: VERSION_TABLE.to_owned(),
            keep_history: true,
            rebuild: RebuildMode::default(),
            transaction: TransactionMode::default(),
        };
        Ok(Migrator { scripts, graph, code, options, listener: Box::new(|_| ControlFlow::Continue(())) })
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

    /// What is told of a run's progress; [`ControlFlow::Break`] cancels it, and all is rolled back.
    #[must_use]
    pub fn on_event(mut self, listener: impl FnMut(&Event<'_>) -> ControlFlow<()> + 'a) -> Self {
        self.listener = Box::new(listener);
        self
    }

    /// The revisions and how they hang together.
    pub fn graph(&self) -> &RevisionGraph {
        &self.graph
    }

    /// The file of a revision.
    pub fn script(&self, revision: &str) -> Option<&Script> {
        self.scripts.iter().find(|script| script.revision.id == revision)
    }

    /// Reads every body that is SQL: what a developer's build wants to know before a user's launch does.
    ///
    /// Errors: those of [`Script::body`].
    pub fn validate(&self) -> Result<()> {
        self.scripts.iter().filter(|script| !script.code).try_for_each(|script| script.body().map(|_| ()))
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
        let rows = self.version_rows(db)?;
        let plan = self.graph.upgrade(&rows, target)?;
        if plan.is_empty() {
            return Ok(nothing(rows));
        }
        self.refuse_changed(db)?;
        self.run(db, plan, &|graph, rows| graph.upgrade(rows, target))
    }

    /// Takes revisions back down to a target: `base`, `-1`, an id. As [`upgrade`](Self::upgrade).
    ///
    /// Errors: [`ErrorKind::NoDowngrade`] before any write where one of them has no `migrate:down`.
    pub fn downgrade(&mut self, db: &mut dyn Database, target: &str) -> Result<Report> {
        let rows = self.version_rows(db)?;
        let plan = self.graph.downgrade(&rows, target)?;
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
        let plan = self.graph.stamp(&rows, targets, purge)?;
        if plan.is_empty() {
            return Ok(nothing(rows));
        }
        self.run(db, plan, &|graph, rows| graph.stamp(rows, targets, purge))
    }

    /// What the database is at. Reads only; a row that the folder does not know is answered too.
    pub fn current(&self, db: &mut dyn Database) -> Result<Vec<RevisionInfo>> {
        let rows = self.history().rows(db)?;
        // A row that the graph does not know is shown too: it is what the caller has to see.
        let shown = self.graph.current(&rows).map(|found| found.into_iter().map(str::to_owned).collect());
        let shown: Vec<String> = shown.unwrap_or(rows);
        let ids: Vec<&str> = shown.iter().map(String::as_str).collect();
        Ok(self.describe(&ids, &shown))
    }

    /// The revisions of a range `low:high`, newest first; `rows` are the database's version rows,
    /// where it has been asked.
    pub fn revisions(&self, range: &str, rows: &[String]) -> Result<Vec<RevisionInfo>> {
        Ok(self.describe(&self.graph.history(range, rows)?, rows))
    }

    /// The database's version rows, whether the folder knows them or not. Reads only.
    pub fn rows(&self, db: &mut dyn Database) -> Result<Vec<String>> {
        self.history().rows(db)
    }

    /// What is known of these revisions.
    pub fn describe(&self, revisions: &[&str], rows: &[String]) -> Vec<RevisionInfo> {
        let describe = |id: &&str| {
            let current = rows.iter().any(|row| row == id);
            let Some(script) = self.script(id) else {
                return RevisionInfo { revision: (*id).to_owned(), current, ..RevisionInfo::default() };
            };
            let revision = &script.revision;
            RevisionInfo {
                revision: revision.id.clone(),
                revises: revision.revises.clone(),
                branch_labels: revision.branch_labels.clone(),
                depends_on: revision.depends_on.clone(),
                message: revision.message.clone(),
                head: self.graph.is_head(id),
                branch_point: self.graph.is_branch_point(id),
                merge_point: self.graph.is_merge_point(id),
                current,
                path: Some(script.file.clone()),
            }
        };
        revisions.iter().map(describe).collect()
    }

    /// What an upgrade to `heads` would do, step by step. Reads only.
    pub fn pending(&self, db: &mut dyn Database) -> Result<Plan> {
        let rows = self.version_rows(db)?;
        self.graph.upgrade(&rows, "heads")
    }

    /// The version rows, each of which the folder must know.
    fn version_rows(&self, db: &mut dyn Database) -> Result<Vec<String>> {
        let rows = self.history().rows(db)?;
        match rows.iter().find(|row| self.graph.get(row).is_none()) {
            None => Ok(rows),
            Some(unknown) => Err(self.newer(db, unknown)?),
        }
    }

    fn newer(&self, db: &mut dyn Database, unknown: &str) -> Result<Error> {
        let known = self.history().applied(db, unknown)?;
        let how = match known {
            Some((when, Some(app))) => format!(", applied by version {app} of the app at {when}"),
            Some((when, None)) => format!(", applied at {when}"),
            None => String::new(),
        };
        Ok(Error::new(
            ErrorKind::DatabaseNewer,
            format!("the database is at revision {unknown}, which these migrations do not have{how}"),
        )
        .in_revision(unknown)
        .with_hint("use the newer version of the app, or the folder that has this revision"))
    }

    /// Errors: [`ErrorKind::ChangedRevision`] if an applied script has another text now.
    fn refuse_changed(&self, db: &mut dyn Database) -> Result<()> {
        for (revision, checksum, when) in self.history().checksums(db)? {
            let Some(script) = self.script(&revision).filter(|script| !script.code) else { continue };
            let now = script.checksum()?;
            if now != checksum && !script.also.contains(&checksum) {
                return Err(Error::new(
                    ErrorKind::ChangedRevision,
                    format!("revision {revision} was applied at {when} and has another text now"),
                )
                .in_revision(&revision)
                .in_file(&script.file)
                .with_hint(format!("put the old text back, or declare it with '-- also: {checksum}'")));
            }
        }
        Ok(())
    }

    fn history(&self) -> History<'_> {
        self.options.history()
    }

    fn run(
        &mut self,
        db: &mut dyn Database,
        plan: Plan,
        again: &dyn Fn(&RevisionGraph, &[String]) -> Result<Plan>,
    ) -> Result<Report> {
        let jobs = self.jobs(db, &plan)?;
        let Migrator { scripts, graph, code, options, listener } = self;
        let one_way = one_way(code);
        let mut again = |db: &mut dyn Database, rows: &[String]| {
            jobs_of(scripts, &one_way, options, db, &again(graph, rows)?)
        };
        execute::run(db, options, &mut **listener, code, plan.rows, jobs, &mut again)
    }

    fn jobs(&self, db: &mut dyn Database, plan: &Plan) -> Result<Vec<Job>> {
        jobs_of(&self.scripts, &one_way(&self.code), &self.options, db, plan)
    }
}

/// The files of code that cannot be taken back.
fn one_way(code: &[Code<'_>]) -> Vec<String> {
    code.iter().filter(|code| !code.has_down()).map(|code| code.file.name.clone()).collect()
}

/// The scripts of a plan's steps, read and refused where they must be.
fn jobs_of(
    scripts: &[Script],
    one_way: &[String],
    options: &Options,
    db: &mut dyn Database,
    plan: &Plan,
) -> Result<Vec<Job>> {
    let jobs = plan.steps.iter().map(|step| job(scripts, one_way, step)).collect::<Result<Vec<_>>>()?;
    if let Some(begun) = options.history().unfinished(db)? {
        let goes_on = jobs.iter().any(|job| {
            job.step.revision.as_ref() == Some(&begun.revision)
                && (job.step.direction == Direction::Stamp || job.step.direction.as_str() == begun.direction)
        });
        if !goes_on {
            return Err(execute::unfinished(&begun.revision, begun.statements));
        }
    }
    Ok(jobs)
}

fn job(scripts: &[Script], one_way: &[String], step: &Step) -> Result<Job> {
    let script = scripts.iter().find(|script| Some(&script.revision.id) == step.revision.as_ref());
    let verb = match step.direction {
        Direction::Up => "upgrade",
        Direction::Down => "downgrade",
        Direction::Stamp => "stamp_revision",
    };
    let mut text = format!("Running {verb} {} -> {}", step.from.join(", "), step.to.join(", "));
    let mut job = Job {
        step: step.clone(),
        text: String::new(),
        file: script.map(|script| script.file.clone()),
        revises: script.map(|script| script.revision.revises.clone()).unwrap_or_default(),
        body: JobBody::Nothing,
        checksum: None,
        downgrade: None,
    };
    if let (Some(script), Direction::Up | Direction::Down) = (script, step.direction) {
        if !script.revision.message.is_empty() {
            text = format!("{text}, {}", script.revision.message);
        }
        let down = |down: Option<JobBody>| {
            down.ok_or_else(|| {
                Error::new(
                    ErrorKind::NoDowngrade,
                    format!("revision {} has no downgrade", script.revision.id),
                )
                .in_revision(&script.revision.id)
                .in_file(&script.file)
                .with_hint("write one under '-- migrate:down', or restore a backup")
            })
        };
        if script.code {
            let known = step.direction == Direction::Up || !one_way.contains(&script.file);
            job.body = down(known.then_some(JobBody::Code))?;
        } else if step.direction == Direction::Up {
            let body = script.body()?;
            job.checksum = Some(body.up.checksum());
            job.downgrade = body.down.as_ref().map(|down| down.sql.clone());
            job.body = JobBody::Sql(body.up);
        } else {
            job.body = down(script.body()?.down.map(JobBody::Sql))?;
        }
    }
    job.text = text;
    Ok(job)
}

fn nothing(rows: Vec<String>) -> Report {
    Report { from: rows.clone(), to: rows, ..Report::default() }
}
