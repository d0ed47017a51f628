//! Steps → database: one run, from BEGIN to COMMIT. The only place that begins and ends
//! transactions. Long, because a run's order is to be read in one place; what it calls has files of its own.

mod alter;
mod anew;
mod cascade;
mod code;
mod copy;
mod damage;
pub(crate) mod header;
mod hidden;
mod in_place;
mod job;
mod known;
mod left_broken;
mod outside;
mod portable;
mod pragmas;
mod rebuild;
mod room;
mod rules;
mod transaction;
mod unbroken;
mod virtual_table;
mod watched;
mod way_out;

#[cfg(all(test, feature = "rusqlite"))]
mod sabotaged;
#[cfg(all(test, feature = "rusqlite"))]
mod tests;

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use serde::{Deserialize, Serialize};

use crate::alter::RebuildMode;
use crate::backup::data_version;
use crate::cancel::CancelHandle;
use crate::db::Database;
use crate::deed::Deed;
use crate::diff;
use crate::error::{Error, ErrorKind, Result, counted, no_refusal};
use crate::event::{Event, Listener};
use crate::foreign_keys::Watch;
use crate::history::{Entry, History, Kept, Mark, clock};
use crate::inspect;
use crate::report::{AlterationReport, Report, StepReport};
use crate::room::Room;
use crate::script::{Item, ItemKind};
pub use code::{Code, CodeStep};
pub use damage::QuickCheck;
pub(crate) use job::{Job, JobBody};
use known::Known;
use left_broken::AtStake;
use portable::{Checks, Unless};
use pragmas::Pragmas;
pub(crate) use rules::{broken_rows, equal_rows};
use unbroken::Unbroken;
use watched::Watched;
pub(crate) use way_out::{begun_otherwise, unfinished};
use way_out::{cancelled, explained, located};

/// What a transaction holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionMode {
    /// The whole run: all of it is done, or nothing.
    #[default]
    PerUpgrade,
    /// One revision: what was finished before a failure stays.
    PerRevision,
}

/// What a run is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To change this database.
    #[default]
    Live,
    /// To see what would run: the database is a twin without rows, and is thrown away.
    Plan,
    /// To print what another connection will run: nothing may depend on rows, which this database
    /// does not have, and what the run would look at first, the script has to check.
    Script,
}

/// What the caller has chosen.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub app_version: Option<String>,
    pub version_table: String,
    pub keep_history: bool,
    pub keep_user_version: bool,
    pub rebuild: RebuildMode,
    pub transaction: TransactionMode,
    pub quick_check: QuickCheck,
    pub trust_schema: bool,
    pub cancel: CancelHandle,
    pub purpose: Purpose,
    /// A folder is replayed revision by revision, on a database that is thrown away: what one leaves broken, a later
    /// one may mend.
    pub replay: bool,
    pub room: Room,
}

impl Options {
    pub fn history(&self) -> History<'_> {
        History::new(&self.version_table, self.keep_history)
    }
}

/// Switches enforcement off for good, on a database that is thrown away: what runs on it then is
/// what would run, and no switch between.
pub(crate) fn without_enforcement(db: &mut dyn Database) -> Result<()> {
    let version = inspect::version(db)?;
    Pragmas::set(db, version, false).map(|_| ())
}

/// Who has planned a run, and is asked back while it works.
pub(crate) trait Planner {
    /// The jobs that lead from other version rows than expected: another process was first.
    fn again(&mut self, db: &mut dyn Database, rows: &[String]) -> Result<Vec<Job>>;

    /// Does what comes before the first write to a database with these version rows, outside a transaction.
    fn first(
        &mut self,
        db: &mut dyn Database,
        listener: &mut Listener<'_>,
        rows: &[String],
    ) -> Result<Before>;

    /// The code of a revision, by its file.
    fn code(&self, file: &str) -> Option<&Code<'_>>;

    /// What the next launch shall know a database with these version rows by, if nothing is left to do.
    fn mark(&self, rows: &[String]) -> Option<Mark>;
}

/// What came of what comes before the first write.
pub(crate) enum Before {
    /// The run may begin with whatever is there then.
    Any,
    /// It must begin with the database that has this `data_version`.
    Seen(i64),
    /// The version rows are others, because another process was first: nothing was done.
    Moved,
}

/// How often that is done anew because another connection has written in between.
const ATTEMPTS: u32 = 5;

/// How often a backend asks for each time that the listener is asked: a handle costs less to look at than
/// a function of another language to call.
const TICKS_TO_AN_EVENT: u32 = 5;

/// Runs jobs that were planned from the version rows `from`.
///
/// Takes `foreign_keys` off, then BEGIN IMMEDIATE (inside the caller's transaction: a savepoint),
/// reads the version rows again, and plans again if they differ. On failure all is rolled back but
/// what the report that comes with the error lists; every pragma is what it was, on every path. A panic is one.
pub(crate) fn run(
    db: &mut dyn Database,
    options: &Options,
    listener: &mut Listener<'_>,
    from: Vec<String>,
    jobs: Vec<Job>,
    planner: &mut dyn Planner,
) -> Result<Report> {
    let mut ticks = 0u32;
    let listener: &mut Listener<'_> = &mut |event: &Event<'_>| {
        if options.cancel.is_cancelled() {
            return ControlFlow::Break(());
        }
        if *event == Event::Working {
            ticks = ticks.wrapping_add(1);
            if !ticks.is_multiple_of(TICKS_TO_AN_EVENT) {
                return ControlFlow::Continue(());
            }
        }
        if options.purpose == Purpose::Live {
            event.log();
        }
        listener(event)
    };
    let started = clock(db)?;
    let version = inspect::version(db)?;
    let pragmas = Pragmas::set(db, version, options.trust_schema)?;
    let open = Cell::new(false);
    let mut run = Run {
        savepoint: db.in_transaction(),
        foreign_keys_on: pragmas.foreign_keys_stay_on,
        report: Report { from: from.clone(), to: from.clone(), ..Report::default() },
        pending: Vec::new(),
        warnings: Vec::new(),
        hidden: Vec::new(),
        known: Known::default(),
        may_edit: None,
        step_started: started,
        last: false,
        watch: Watch::default(),
        at_stake: AtStake::default(),
        checks: Checks::default(),
        rows: from,
        open: &open,
        done: 0,
        db: &mut Unbroken { db: &mut *db, open: &open },
        options,
        listener,
        version,
    };
    // What panics is the app's: its code, or who listens. It may catch that, and go on with the connection.
    let result = catch_unwind(AssertUnwindSafe(|| run.all(jobs, planner)));
    if !matches!(result, Ok(Ok(()))) {
        run.roll_back();
    }
    let mut report = run.report;
    let restored = pragmas.restore(db);
    let result = result.unwrap_or_else(|panic| resume_unwind(panic));
    report.timing.total_ms = clock(db).map_or(0, |now| now.saturating_sub(started));
    let result = match (result, restored) {
        (Err(error), Err(switch)) => Err(error.noting(&switch.to_string())),
        (result, restored) => result.and(restored),
    };
    match result {
        Ok(()) => {
            log_warnings(options, &report);
            Ok(report)
        }
        Err(error) => {
            let error = explained(error, db, options, &report);
            let error = if report.steps.is_empty() { error } else { error.not_alone() };
            Err(error.with_report(report))
        }
    }
}

#[cfg(feature = "log")]
fn log_warnings(options: &Options, report: &Report) {
    if options.purpose == Purpose::Live {
        report.warnings.iter().for_each(|warning| log::warn!(target: "limbeck", "{warning}"));
    }
}

#[cfg(not(feature = "log"))]
fn log_warnings(_: &Options, _: &Report) {}

struct Run<'r, 'l> {
    db: &'r mut dyn Database,
    options: &'r Options,
    listener: &'r mut Listener<'l>,
    version: u32,
    /// The caller's own transaction is open: limbeck works in a savepoint of it.
    savepoint: bool,
    /// Enforcement could not be switched off.
    foreign_keys_on: bool,
    /// The version rows as they should be now.
    rows: Vec<String>,
    /// limbeck's transaction or savepoint is open.
    open: &'r Cell<bool>,
    /// Steps begun so far.
    done: usize,
    watch: Watch,
    at_stake: AtStake,
    checks: Checks,
    report: Report,
    /// Steps that are done and not committed.
    pending: Vec<(StepReport, u64)>,
    warnings: Vec<String>,
    /// Tables and views of `main` that `temp` hides, but for those that were warned of.
    hidden: Vec<String>,
    known: Known,
    /// Whether the stored texts may be edited, once that was asked.
    may_edit: Option<bool>,
    /// When the step that runs now began, by SQLite's clock.
    step_started: u64,
    /// Whether the step that runs now is the last.
    last: bool,
}

impl<'r, 'l> Run<'r, 'l> {
    fn all(&mut self, jobs: Vec<Job>, planner: &mut dyn Planner) -> Result<()> {
        let mut jobs = VecDeque::from(jobs);
        let mut begun = false;
        while !jobs.is_empty() {
            if !self.open.get() {
                match begun {
                    true => self.begin()?,
                    false => {
                        self.begin_first(&mut jobs, planner)?;
                        if jobs.is_empty() {
                            break;
                        }
                        hidden::read(self)?;
                    }
                }
                begun = true;
                let kept = self.kept()?;
                let rows = match &kept {
                    Some(kept) => kept.rows.clone(),
                    None => self.history().rows(self.db)?,
                };
                if rows != self.rows {
                    jobs = self.follow(rows, planner)?;
                    if jobs.is_empty() {
                        break;
                    }
                }
                self.refuse_what_needs_no_transaction(&jobs)?;
                if kept.is_none() {
                    self.history().prepare(self.db)?;
                }
                header::clear(self, kept.as_ref())?;
                portable::check_rows(self)?;
                self.notice_changes(kept)?;
            }
            let Some(job) = jobs.pop_front() else { break };
            self.last = jobs.is_empty();
            self.done += 1;
            self.announce(&job, self.done + jobs.len())?;
            self.watch.begin(job.step.revision.as_deref(), job.file.as_deref());
            if let (Some(former), Some(revision)) = (&job.begun_as, &job.step.revision) {
                self.history().rename_started(self.db, former, revision)?;
            }
            if job.section().is_some_and(|section| !section.transaction) {
                if !outside::run(self, &job, planner)? {
                    // The rows say what is left.
                    self.done -= 1;
                    jobs.push_front(job);
                }
            } else {
                self.inside_transaction(&job, planner)?;
                if self.options.transaction == TransactionMode::PerRevision {
                    self.commit_revision()?;
                }
            }
        }
        self.commit()
    }

    /// What comes before the first write: the file is looked through and, if asked for, backed up. Then the
    /// transaction begins with just the database that was backed up.
    ///
    /// Errors: [`ErrorKind::Corrupt`], those of the backup, and [`ErrorKind::Locked`] where others go on writing.
    fn begin_first(&mut self, jobs: &mut VecDeque<Job>, planner: &mut dyn Planner) -> Result<()> {
        damage::refuse(self)?;
        for _ in 0..ATTEMPTS {
            match planner.first(self.db, self.listener, &self.rows)? {
                Before::Any => return self.begin(),
                Before::Seen(version) => {
                    self.begin()?;
                    if data_version(self.db)? == Some(version) {
                        return Ok(());
                    }
                    self.roll_back();
                }
                Before::Moved => {
                    let rows = self.history().rows(self.db)?;
                    *jobs = self.follow(rows, planner)?;
                    if jobs.is_empty() {
                        return Ok(());
                    }
                }
            }
        }
        Err(Error::new(ErrorKind::Locked, "other programs go on writing to the database")
            .with_hint("close them, then run it again"))
    }

    /// Another process was first: the jobs that lead on from where it has brought the database.
    fn follow(&mut self, rows: Vec<String>, planner: &mut dyn Planner) -> Result<VecDeque<Job>> {
        let jobs = planner.again(self.db, &rows)?.into();
        if self.report.steps.is_empty() {
            self.report.from.clone_from(&rows);
        }
        self.report.to.clone_from(&rows);
        self.rows = rows;
        Ok(jobs)
    }

    /// Nothing of a run is left in the caller's own transaction that a later revision stops.
    fn refuse_what_needs_no_transaction(&self, jobs: &VecDeque<Job>) -> Result<()> {
        let outside = |job: &&Job| job.section().is_some_and(|section| !section.transaction);
        match jobs.iter().find(outside).filter(|_| self.savepoint) {
            None => Ok(()),
            Some(job) => {
                let revision = job.step.revision.as_deref().unwrap_or_default();
                let message = format!(
                    "revision {revision} says transaction:false, and the caller's own transaction is open"
                );
                Err(Error::new(ErrorKind::TransactionOpen, message)
                    .with_hint("commit before calling limbeck")
                    .in_revision(revision))
            }
        }
    }

    /// Borrows the options only, so that `self` stays free.
    fn history(&self) -> History<'r> {
        let options: &'r Options = self.options;
        options.history()
    }

    fn tell(&mut self, event: &Event<'_>) -> Result<()> {
        let before = self.db.ended();
        let answer = (self.listener)(event);
        let ended = (!before && self.db.ended()).then(|| code::ended("who listens to the run's events"));
        match (answer, ended) {
            (ControlFlow::Continue(()), None) => Ok(()),
            (_, Some(ended)) => Err(ended),
            (ControlFlow::Break(()), None) => Err(cancelled()),
        }
    }

    fn announce(&mut self, job: &Job, of: usize) -> Result<()> {
        let revision = job.step.revision.as_deref().unwrap_or_default();
        self.tell(&Event::StepStarted {
            revision,
            direction: job.step.direction,
            text: &job.text,
            step: self.done,
            of,
        })
    }

    fn inside_transaction(&mut self, job: &Job, planner: &dyn Planner) -> Result<()> {
        let mut alterations = Vec::new();
        match &job.body {
            JobBody::Nothing => {}
            JobBody::Sql(section) => {
                for item in &section.items {
                    self.watch.line(item.line);
                    let done = self.item(item).map_err(|error| located(error, job, item))?;
                    alterations.extend(done);
                }
            }
            JobBody::Code => {
                let revision = job.step.revision.as_deref().unwrap_or_default();
                if let Some(code) = job.file.as_deref().and_then(|file| planner.code(file)) {
                    alterations = code::run(self, code, revision, job.step.direction)?;
                    self.known.forget();
                }
            }
        }
        self.at_stake.stand_in(job);
        self.finish(job, alterations, planner)
    }

    fn item(&mut self, item: &Item) -> Result<Vec<AlterationReport>> {
        let mut sql = Cow::Borrowed(&item.sql);
        if let Some(query) = &item.unless {
            match portable::unless(self, item, query)? {
                Unless::Skip => return Ok(Vec::new()),
                Unless::Run => {}
                Unless::Instead(conditional) => sql = Cow::Owned(conditional),
            }
        }
        match &item.kind {
            ItemKind::Alter(alteration) => alter::run(self, alteration),
            ItemKind::Sql => {
                self.known.forget();
                let deed = Deed::of(&sql);
                if self.foreign_keys_on {
                    self.watch.refuse_cascade(self.db, &deed)?;
                }
                room::for_statement(self, &deed)?;
                self.watch.statement(&mut Watched { db: self.db, listener: self.listener }, &deed)?;
                left_broken::note(self, &deed, item)?;
                hidden::warn(self, &sql, &deed);
                portable::note_keys(self)?;
                match (self.statement(&sql), &deed) {
                    // Only SQLite's refusal costs a scan more.
                    (Err(error), Deed::CreateIndex(index)) => {
                        Err(rules::with_equal_rows(&mut self.watched(), index, error))
                    }
                    (done, _) => done.map(|_| Vec::new()),
                }
            }
        }
    }

    /// Runs one statement of limbeck's own.
    fn execute(&mut self, sql: &str) -> Result<u64> {
        let done = self.statement(sql);
        if done.is_err() && self.open.get() && !self.db.in_transaction() {
            done.map_err(no_refusal)
        } else {
            done
        }
    }

    /// Runs one statement, asking the listener now and then whether to go on.
    fn statement(&mut self, sql: &str) -> Result<u64> {
        self.watched().execute(sql)
    }

    /// The database, asking the listener during whatever takes long.
    fn watched(&mut self) -> Watched<'_, 'l> {
        Watched { db: self.db, listener: self.listener }
    }

    fn finish(&mut self, job: &Job, alterations: Vec<AlterationReport>, planner: &dyn Planner) -> Result<()> {
        let history = self.history();
        history.move_rows(self.db, &job.step)?;
        self.rows.retain(|row| !job.step.delete.contains(row));
        self.rows.extend(job.step.insert.iter().cloned());
        self.rows.sort();
        let now = clock(self.db)?;
        let milliseconds = now.saturating_sub(std::mem::replace(&mut self.step_started, now));
        let Some(revision) = &job.step.revision else { return Ok(()) };
        let placed = |error: Error| error.placed(Some(revision), job.file.as_deref(), None);
        header::refuse_a_steps(self).map_err(placed)?;
        // What the twin took says nothing of the real one.
        let took = (self.options.purpose == Purpose::Live).then_some(milliseconds);
        let live = self.last && self.options.purpose == Purpose::Live;
        let fingerprint = if live { self.fingerprint()? } else { None };
        let mark = if live { planner.mark(&self.rows) } else { None };
        let files = mark.map(|mark| mark.to_string());
        let entry = Entry {
            fingerprint: fingerprint.as_deref(),
            files: files.as_deref(),
            ..self.entry(job, revision, took)
        };
        for below in &job.below {
            let revision = below.step.revision.as_deref().unwrap_or_default();
            let entry = self.entry(below, revision, None);
            history.record(self.db, &entry)?;
        }
        history.record(self.db, &entry)?;
        if let Some(mark) = mark.filter(|_| self.options.keep_user_version) {
            header::write(self.db, mark.header())?;
        }
        self.tell(&Event::StepFinished { revision, milliseconds })?;
        let direction = job.step.direction;
        self.pending.push((StepReport { revision: revision.clone(), direction, alterations }, milliseconds));
        Ok(())
    }

    /// That of the schema as it is now; none where a text cannot be read, or it is not the real one.
    fn fingerprint(&mut self) -> Result<Option<String>> {
        if self.options.purpose != Purpose::Live || !self.options.keep_history {
            return Ok(None);
        }
        let objects = self.known.main_objects(self.db)?;
        let objects = inspect::app_objects_of(self.db, objects, &self.options.version_table)?;
        let known = &mut self.known;
        Ok(diff::fingerprint_by(&objects, &mut |table, sql| known.definition(table, sql)).ok())
    }

    /// The record, where it is whole. A script makes it in any case: of the other database nothing is known.
    fn kept(&mut self) -> Result<Option<Kept>> {
        match self.options.purpose {
            Purpose::Live => self.history().kept(self.db),
            Purpose::Plan | Purpose::Script => Ok(None),
        }
    }

    /// Warns where something other than limbeck has changed the schema since the last run.
    fn notice_changes(&mut self, kept: Option<Kept>) -> Result<()> {
        if self.done > 0 || self.options.purpose != Purpose::Live {
            return Ok(());
        }
        let left = match kept {
            Some(kept) => kept.left,
            None => self.history().fingerprint(self.db)?,
        };
        let Some((left, when)) = left else { return Ok(()) };
        // The first alteration needs it too.
        let there = self.inventory("main")?;
        self.known.read("main", there);
        if self.fingerprint()?.is_some_and(|now| diff::differ(&now, &left)) {
            let text =
                format!("the schema is not as the run of {when} left it: 'limbeck verify' says what differs");
            self.warnings.push(text);
        }
        Ok(())
    }

    fn entry<'j>(&self, job: &'j Job, revision: &'j str, duration_ms: Option<u64>) -> Entry<'j>
    where
        'r: 'j,
    {
        let options: &'r Options = self.options;
        Entry {
            revision,
            revises: &job.revises,
            depends_on: &job.depends_on,
            message: &job.message,
            direction: job.step.direction.as_str(),
            duration_ms,
            checksum: job.checksum.clone(),
            app_version: options.app_version.as_deref(),
            compatible: job.compatible,
            downgrade: job.downgrade.as_ref().map(|(text, checksum)| (&**text, &**checksum)),
            fingerprint: None,
            files: None,
        }
    }
}
