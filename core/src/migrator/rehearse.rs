//! Runs on a database that is thrown away, to see what would run: the script that `--sql` prints,
//! and the dry run of a real database. The road is that of a live run, with a recorder in between.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::ControlFlow;

use super::newer::{self, Met};
use super::{Again, AllAgain, First, Migrator, NewerDatabase, Planned, all_again, jobs, run_quietly};
use crate::db::{Database, Recorder, Value};
use crate::error::{Error, ErrorKind, Result, accepted};
use crate::event::Event;
use crate::execute::{self, Job, Options, Purpose};
use crate::graph::{Plan, RevisionGraph};
use crate::inspect;
use crate::report::{Direction, DryRun, DryStep, Report, StepReport, Way};
use crate::schema::ObjectKind;
use crate::sql::{TokenType as T, quote, semicolon, tokens};

/// What limbeck does around the statements that a reader of a dry run wants to see.
const SWITCHES: [&str; 5] =
    ["BEGIN IMMEDIATE", "COMMIT", "SAVEPOINT limbeck", "RELEASE limbeck", "PRAGMA legacy_alter_table"];

/// What a recorded run has said, in order.
enum Note {
    Step { revision: String, text: String },
    Statement(String),
}

impl Migrator<'_> {
    /// The script that takes a database over a range `from:to`, for the `sqlite3` shell: what the
    /// run itself would do, rebuilds too, with its transaction and its checks.
    ///
    /// `scratch` is an empty database in memory, of the app's own kind. The folder is replayed into
    /// it up to `from` (several heads: comma-separated; the base, if it is left out), so that the
    /// schema is known; then the range runs there and is noted. No other database is needed.
    /// Because rows are not known, tables are changed by SQLite's own ALTER or rebuilt, planned for
    /// SQLite 3.38. The script stops, and its transaction is rolled back, where the database is not
    /// at `from`, a rebuilt table has columns, indexes or triggers that the folder does not know,
    /// rows break a new rule, or more rows than before have no parent.
    ///
    /// Errors: those of [`upgrade`](Self::upgrade) and [`downgrade`](Self::downgrade);
    /// [`ErrorKind::RangeRequired`] for a downgrade without `from`; [`ErrorKind::NotOffline`] for a
    /// `migrate:unless` that asks the rows.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite")] {
    /// use limbeck::{Direction, Migrator};
    ///
    /// let migrations = [("0001_notes.sql", "CREATE TABLE notes(title)"), ("0002_x.sql", "DROP TABLE notes")];
    /// let mut scratch = rusqlite::Connection::open_in_memory().unwrap();
    /// let script = Migrator::new(&migrations)?.sql(&mut scratch, Direction::Up, "0001:head")?;
    /// assert!(script.contains("DROP TABLE notes;") && !script.contains("CREATE TABLE notes"));
    /// # }
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn sql(&self, scratch: &mut dyn Database, direction: Direction, range: &str) -> Result<String> {
        let (from, to) = ends(direction, range)?;
        empty(scratch)?;
        self.replay(scratch, from, Purpose::Plan)?;
        let rows = self.history().rows(scratch)?;
        let targets: Vec<&str> = to.split_whitespace().collect();
        let plan = |graph: &RevisionGraph, rows: &[String]| match direction {
            Direction::Up => graph.upgrade(rows, to),
            Direction::Down => graph.downgrade(rows, to),
            Direction::Stamp => graph.stamp(rows, &targets, false),
        };
        let (_, notes) = self.recorded_plan(scratch, Purpose::Script, plan(self.graph()?, &rows)?, &plan)?;
        let verb = match direction {
            Direction::Up => "upgrade",
            Direction::Down => "downgrade",
            Direction::Stamp => "stamp",
        };
        Ok(script(&format!("{verb} {range}"), &rows, &notes))
    }

    /// The script that makes limbeck's own tables.
    pub fn ensure_version_sql(&self, scratch: &mut dyn Database) -> Result<String> {
        let notes = RefCell::new(Vec::new());
        let note = |sql: String| notes.borrow_mut().push(Note::Statement(sql));
        self.history().prepare(&mut Recorder { db: scratch, note: &note, probing: false })?;
        Ok(script("ensure_version", &[], &notes.into_inner()))
    }

    /// What [`upgrade`](Self::upgrade) (or with [`Direction::Down`] a downgrade) would do: steps,
    /// statements, and the way each ALTER would take. The database is only read; `scratch`, an
    /// empty database in memory, becomes a twin of it without rows, on which the plan runs. Rows that break a new
    /// rule are among the warnings where that can be told of the database as it is: of a table that nothing
    /// before it in the plan changes, and whose values the alteration keeps. The run finds the others, and where rows do not allow an edit in place, which
    /// is a rebuild then. Of a database that has
    /// what the folder does not, it says what [`newer_database`](Self::newer_database) would do.
    ///
    /// Errors: as those two before their first write; [`ErrorKind::StatementFailed`] too where the
    /// schema names what `scratch` does not have, such as a virtual table's module.
    pub fn dry_run(
        &self,
        db: &mut dyn Database,
        scratch: &mut dyn Database,
        direction: Direction,
        target: &str,
    ) -> Result<DryRun> {
        let plan = |graph: &RevisionGraph, rows: &[String]| match direction {
            Direction::Up => graph.upgrade(rows, target),
            Direction::Down => graph.downgrade(rows, target),
            Direction::Stamp => graph.stamp(rows, &[target], false),
        };
        let rows = self.history().rows(db)?;
        if direction == Direction::Up
            && self.newer != NewerDatabase::Refuse
            && self.folder.scripts()?.lack(&rows)
        {
            return self.rehearsed_newer(db, scratch, rows, target);
        }
        let mut dry = self.rehearsed(db, scratch, direction, &plan)?;
        let plan = plan(self.graph()?, &dry.from)?;
        dry.warnings.extend(self.applied(db)?.taken_back_otherwise(&plan)?);
        dry.warnings.extend(self.foreseen(db, &plan)?);
        Ok(dry)
    }

    /// Of a database that has what the folder does not: what [`newer_database`](Self::newer_database) has chosen.
    fn rehearsed_newer(
        &self,
        db: &mut dyn Database,
        scratch: &mut dyn Database,
        rows: Vec<String>,
        target: &str,
    ) -> Result<DryRun> {
        let scripts = self.folder.scripts()?;
        let met = Met::new(&self.options, scripts.graph, db, &rows)?;
        if self.newer == NewerDatabase::RunOn {
            self.refuse_to_run_on(db, &met, target)?;
            return Ok(DryRun { from: rows.clone(), to: rows, ..DryRun::default() });
        }
        self.applied(db)?.refuse_changed(&scripts.graph.newest(met.below())?)?;
        let jobs = newer::take_down(scripts, &self.options, db, &rows, target)?;
        empty(scratch)?;
        self.twin(db, scratch)?;
        let mut again = |db: &mut dyn Database, rows: &[String]| {
            newer::take_down(scripts, &self.options, db, rows, target)
        };
        let (report, notes) = self.recorded(scratch, Purpose::Plan, rows, jobs, &mut again)?;
        self.dry(db, report, notes)
    }

    /// As [`dry_run`](Self::dry_run), by any plan.
    pub(super) fn rehearsed(
        &self,
        db: &mut dyn Database,
        scratch: &mut dyn Database,
        direction: Direction,
        plan: &Again<'_>,
    ) -> Result<DryRun> {
        let rows = self.version_rows(db)?;
        let planned = plan(self.graph()?, &rows)?;
        let applied = if direction == Direction::Up { Some(self.applied(db)?) } else { None };
        applied.as_ref().map_or(Ok(()), |applied| applied.refuse_passed_over(&rows))?;
        if planned.is_empty() {
            jobs::refuse_half_done(self.history().unfinished(db)?.as_ref())?;
            applied.map_or(Ok(()), |applied| applied.refuse_known_changes(&rows))?;
            return Ok(DryRun { from: rows.clone(), to: rows, ..DryRun::default() });
        }
        applied.map_or(Ok(()), |applied| applied.refuse_changed(&rows))?;
        empty(scratch)?;
        self.twin(db, scratch)?;
        let (report, notes) = self.recorded_plan(scratch, Purpose::Plan, planned, plan)?;
        self.dry(db, report, notes)
    }

    /// Brings the scratch database to a target, or to several: the rows of a fresh install are all there,
    /// where that is the purpose.
    pub(super) fn replay(&self, scratch: &mut dyn Database, to: &str, purpose: Purpose) -> Result<()> {
        let mut targets = to.split(',').map(str::trim).filter(|target| !matches!(*target, "" | "base"));
        targets.try_for_each(|target| {
            self.replayed(scratch, purpose, &|graph, rows| graph.upgrade(rows, target))
        })
    }

    /// Brings it to version rows, as a fresh install is there.
    pub(super) fn replay_to(&self, scratch: &mut dyn Database, rows: &[String]) -> Result<()> {
        rows.iter()
            .try_for_each(|row| self.replayed(scratch, Purpose::Live, &|graph, there| graph.with(there, row)))
    }

    fn replayed(&self, scratch: &mut dyn Database, purpose: Purpose, again: &Again<'_>) -> Result<()> {
        let options = Options { purpose, replay: true, ..self.options.clone() };
        let scripts = self.folder.scripts()?;
        let plan = again(scripts.graph, &self.history().rows(scratch)?)?;
        if plan.is_empty() {
            return Ok(());
        }
        run_quietly(scripts, &options, scratch, plan, again).map(drop)
    }

    fn recorded_plan(
        &self,
        scratch: &mut dyn Database,
        purpose: Purpose,
        plan: Plan,
        again: &Again<'_>,
    ) -> Result<(Report, Vec<Note>)> {
        if plan.is_empty() {
            return Ok((Report::nothing(plan.rows), Vec::new()));
        }
        let scripts = self.folder.scripts()?;
        let jobs = jobs::jobs(scripts, &self.options, scratch, &plan)?;
        let mut again = all_again(scripts, &self.options, again);
        self.recorded(scratch, purpose, plan.rows, jobs, &mut again)
    }

    fn recorded(
        &self,
        scratch: &mut dyn Database,
        purpose: Purpose,
        rows: Vec<String>,
        jobs: Vec<Job>,
        again: &mut AllAgain<'_>,
    ) -> Result<(Report, Vec<Note>)> {
        let options = Options { purpose, ..self.options.clone() };
        let notes = RefCell::new(Vec::new());
        let note = |sql: String| notes.borrow_mut().push(Note::Statement(sql));
        let mut listener = |event: &Event<'_>| {
            if let Event::StepStarted { revision, text, .. } = event {
                let (revision, text) = ((*revision).to_owned(), (*text).to_owned());
                notes.borrow_mut().push(Note::Step { revision, text });
            }
            ControlFlow::Continue(())
        };
        let recorder = &mut Recorder { db: scratch, note: &note, probing: false };
        let planned = Planned { scripts: self.folder.scripts()?, again, first: First::new(None, &options) };
        let report = planned.run(recorder, &mut listener, rows, jobs)?;
        Ok((report, notes.into_inner()))
    }

    /// Makes the scratch database a twin of a real one: its schema and limbeck's own rows.
    pub(super) fn twin(&self, db: &mut dyn Database, scratch: &mut dyn Database) -> Result<()> {
        let shadows = inspect::shadow_tables(db)?;
        let objects = inspect::objects(db, "main")?;
        let made = objects
            .iter()
            .filter(|object| !inspect::is_sqlites(&object.name) && !shadows.contains(&object.name));
        let (tables, others): (Vec<_>, Vec<_>) = made.partition(|object| object.kind == ObjectKind::Table);
        for object in tables.into_iter().chain(others) {
            if let Some(sql) = &object.sql {
                scratch.execute(sql).map_err(|error| error.in_statement(sql))?;
            }
        }
        for table in [self.options.version_table.as_str(), "limbeck_history"] {
            if objects.iter().any(|object| object.name == table) {
                copy_rows(db, scratch, table)?;
            }
        }
        Ok(())
    }

    fn dry(&self, db: &mut dyn Database, report: Report, notes: Vec<Note>) -> Result<DryRun> {
        let own =
            [format!(" main.{}", quote(&self.options.version_table)), " main.limbeck_history".to_owned()];
        let mut statements: Vec<Vec<String>> = Vec::new();
        for note in notes {
            match (note, statements.last_mut()) {
                (Note::Step { revision, .. }, _) if !revision.is_empty() => statements.push(Vec::new()),
                (Note::Statement(sql), Some(last)) => {
                    if !SWITCHES.iter().any(|start| sql.starts_with(start))
                        && !own.iter().any(|table| sql.contains(table))
                    {
                        last.push(sql);
                    }
                }
                (Note::Step { .. } | Note::Statement(_), _) => {}
            }
        }
        let mut steps = Vec::new();
        for (mut step, statements) in report.steps.into_iter().zip(statements) {
            let rebuilt = step.alterations.iter_mut().filter(|alteration| alteration.way == Way::Rebuild);
            for alteration in rebuilt {
                let table = format!("main.{}", quote(&alteration.table));
                // One that the run itself makes has no rows yet.
                let rows = accepted(db.integer(&format!("SELECT count(*) FROM {table}"), &[]))?.flatten();
                alteration.rows = rows.map_or(0, |rows| rows.max(0) as u64);
            }
            let StepReport { revision, direction, alterations } = step;
            let broken = match self.script(&revision) {
                Some(script) if direction == Direction::Up => script.breaks_older_apps()?,
                _ => None,
            };
            let breaks_older_apps = broken.map(|found| format!("line {}: {}", found.line, found.why));
            steps.push(DryStep { revision, direction, statements, alterations, breaks_older_apps });
        }
        Ok(DryRun { from: report.from, to: report.to, steps, warnings: report.warnings })
    }
}

/// The two ends of `from:to`; what a single target means is the direction's.
fn ends(direction: Direction, range: &str) -> Result<(&str, &str)> {
    match (range.split_once(':'), direction) {
        (Some((from, "")), Direction::Up) => Ok((from, "heads")),
        (Some((from, to)), _) if !to.is_empty() => Ok((from, to)),
        (None, Direction::Up | Direction::Stamp) => Ok(("base", range)),
        _ => Err(Error::new(
            ErrorKind::RangeRequired,
            format!("'{range}' does not say where the script begins and ends"),
        )
        .with_hint("give both ends, as in 'limbeck downgrade head:base --sql'")),
    }
}

/// Refuses a scratch database that is none, and readies it.
pub(super) fn empty(scratch: &mut dyn Database) -> Result<()> {
    if scratch.any("SELECT 1 FROM main.sqlite_master", &[])? {
        return Err(Error::new(ErrorKind::Contract, "the scratch database is not empty")
            .with_hint("hand over a new database in memory"));
    }
    execute::without_enforcement(scratch)
}

fn copy_rows(db: &mut dyn Database, scratch: &mut dyn Database, table: &str) -> Result<()> {
    let table = quote(table);
    db.query(&format!("SELECT * FROM main.{table}"), &[], &mut |row: &[Value]| {
        let marks: Vec<String> = (1..=row.len()).map(|n| format!("?{n}")).collect();
        scratch.query(
            &format!("INSERT INTO main.{table} VALUES ({})", marks.join(", ")),
            row,
            &mut |_| Ok(()),
        )
    })
}

/// The shell takes the U+000D from the end of a line. In a value it becomes `char(13)`; in the text of
/// a `CREATE`, where that cannot stand, it is doubled, and one stays.
fn carriage_returns_kept(sql: &str) -> Cow<'_, str> {
    if !sql.contains('\r') {
        return Cow::Borrowed(sql);
    }
    let all = tokens(sql).unwrap_or_default();
    let create = all.first().is_some_and(|first| first.kind == T::TK_CREATE);
    let mut text = String::new();
    let mut done = 0;
    for string in
        all.iter().filter(|token| !create && token.kind == T::TK_STRING && token.text.contains('\r'))
    {
        text.push_str(&sql[done..string.start]);
        text.push_str(&format!("({})", string.text.replace('\r', "' || char(13) || '")));
        done = string.end();
    }
    text.push_str(&sql[done..]);
    Cow::Owned(text.replace("\r\n", "\r\r\n"))
}

/// The text of a script.
fn script(what: &str, from: &[String], notes: &[Note]) -> String {
    let at = if from.is_empty() { "<base>".to_owned() } else { from.join(", ") };
    let mut text = format!(
        "-- limbeck {what}\n\
         -- For a database at {at}: sqlite3 app.db < this file\n\
         -- Elsewhere, leave out the next line, and stop at the first error.\n\
         .bail on\n\
         PRAGMA foreign_keys = OFF;\n\n"
    );
    for note in notes {
        match note {
            Note::Step { text: step, .. } => text += &format!("-- {}\n\n", step.replace('\n', " ")),
            Note::Statement(sql) => {
                text += &format!("{}{}\n\n", carriage_returns_kept(sql), semicolon(sql));
            }
        }
    }
    text
}
