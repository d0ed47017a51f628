//! A folder tried out: each revision up, down and up again, on an empty database and on invented rows;
//! each old revision, and each database of a past release, to the heads.

use std::ops::ControlFlow;

use super::rehearse::empty;
use super::{Migrator, run_quietly};
use crate::db::Database;
use crate::diff;
use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Plan, RevisionGraph, Step};
use crate::invent::{self, Invented, Wish};
use crate::reading::Reading;
use crate::report::Direction;
use crate::schema::{Object, ObjectKind};
use crate::script::Script;
use crate::trial::{
    Comparison, Declared, RevisionTested, Rows, RowsKind, SnapshotTested, Stage, TestOptions, Tested, Trouble,
};

/// Makes empty databases in memory, of the app's own kind.
pub type Scratch<'s> = dyn FnMut() -> Result<Box<dyn Database>> + 's;

/// Told of each revision before it is tried: which it is, counted from 1, of how many, and its id.
pub type Progress<'p> = dyn FnMut(usize, usize, &str) -> ControlFlow<()> + 'p;

/// A revision on its way through the tests.
struct Trip<'t> {
    plan: &'t Plan,
    /// Its step of the plan.
    at: usize,
    script: &'t Script,
    /// Whether it can be taken back.
    back: bool,
}

/// What came of a trip on rows.
enum Outcome {
    /// All the way.
    Done,
    /// A step refused the rows.
    Refused(Trouble),
}

impl Migrator<'_> {
    /// Tries every revision of a folder before a user's database does.
    ///
    /// For each: the revisions before it make a database; it is applied, taken back if it can be, and
    /// applied again, first on an empty database and then on rows invented for the constraints of that
    /// moment. The downgrade must bring the schema back, and every value of the columns that are there
    /// throughout; the second upgrade must do what the first did. Then a database with rows of the
    /// revision goes to the heads in one run, and must have the schema of a fresh install. What the
    /// texts say is lost or changed is a note; so is a revision that refuses rows which the one before
    /// allows, as long as it takes plain ones. See [`trial`](crate::trial).
    ///
    /// Nothing but scratch databases is touched. It takes as many upgrades as the square of the
    /// revisions; `options.range` names some of them.
    ///
    /// Errors: the `graph.*` kinds; [`ErrorKind::Cancelled`] where `progress` says so; `database.*`. What
    /// is wrong with a revision is in the answer.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite")] {
    /// use std::ops::ControlFlow;
    ///
    /// use limbeck::trial::TestOptions;
    /// use limbeck::{Database, Migrator};
    ///
    /// let migrations = [
    ///     ("0001_t.sql", "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT)"),
    ///     (
    ///         "0002_b.sql",
    ///         "-- migrate:up\nALTER TABLE t ADD b; -- migrate:down\nALTER TABLE t DROP b; DELETE FROM t WHERE a IS NULL;",
    ///     ),
    /// ];
    /// let mut scratch =
    ///     || Ok(Box::new(rusqlite::Connection::open_in_memory().unwrap()) as Box<dyn Database>);
    /// let tested = Migrator::new(&migrations)?.test(&mut scratch, &TestOptions::default(), &mut |_, _, _| {
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert!(tested.revisions[1].failures[0].message.starts_with("the downgrade loses"));
    /// # }
    /// # Ok::<(), limbeck::Error>(())
    /// ```
    pub fn test(
        &self,
        scratch: &mut Scratch<'_>,
        options: &TestOptions,
        progress: &mut Progress<'_>,
    ) -> Result<Tested> {
        let scripts = self.folder.scripts()?;
        let plan = scripts.graph.upgrade(&[], "heads")?;
        let wanted = scripts.graph.history(&options.range, &[])?;
        let mut tested = Tested { seed: options.seed, ..Tested::default() };
        let fresh = self.fresh(scratch)?;
        for (at, step) in plan.steps.iter().enumerate() {
            let Some(script) = step.revision.as_deref().and_then(|id| scripts.get(id)) else { continue };
            if !wanted.contains(&script.revision.id.as_str()) {
                continue;
            }
            if progress(at + 1, plan.steps.len(), &script.revision.id).is_break() {
                return Err(Error::new(ErrorKind::Cancelled, "cancelled")
                    .with_hint("run it again when it may finish"));
            }
            let mut of = RevisionTested {
                revision: script.revision.id.clone(),
                file: script.file.clone(),
                ..RevisionTested::default()
            };
            let stop = self.revision(scratch, options, (&plan, at), script, &fresh, &mut of)?;
            tested.revisions.push(of);
            if stop {
                break;
            }
        }
        Ok(tested)
    }

    /// Brings a copy of a past release's database to the heads, and compares it with a fresh install and
    /// with what it held. `db` is changed: hand over a copy.
    pub fn test_snapshot(
        &self,
        scratch: &mut Scratch<'_>,
        name: &str,
        db: &mut dyn Database,
    ) -> Result<SnapshotTested> {
        let mut tested = SnapshotTested { name: name.to_owned(), ..SnapshotTested::default() };
        let fail = |error| Trouble::error(Stage::ToHeads, RowsKind::Snapshot, error);
        let scripts = self.folder.scripts()?;
        let plan = match self.version_rows(db).and_then(|rows| scripts.graph.upgrade(&rows, "heads")) {
            Ok(plan) => plan,
            Err(error) => {
                tested.failures.push(fail(error));
                return Ok(tested);
            }
        };
        tested.from.clone_from(&plan.rows);
        let before = self.app_objects(db)?;
        let held = Rows::read(db, &before)?;
        tested.rows = held.count();
        let mut declared = Declared::default();
        for script in plan.steps.iter().filter_map(|step| scripts.get(step.revision.as_deref()?)) {
            self.declare(&mut declared, script, Direction::Up, &before);
        }
        if let Err(error) = self
            .applied(db)
            .and_then(|applied| applied.refuse_changed(&plan.rows))
            .and_then(|()| self.steps(db, &plan))
        {
            tested.failures.push(fail(error));
            return Ok(tested);
        }
        let now = self.app_objects(db)?;
        if let Some(fresh) = self.fresh(scratch)? {
            let what = "the schema is not that of a fresh install";
            tested.failures.extend(other_schema(Stage::ToHeads, RowsKind::Snapshot, what, &now, &fresh)?);
        }
        let after = Rows::read(db, &now)?;
        let found = Comparison {
            stage: Stage::ToHeads,
            on: RowsKind::Snapshot,
            before: &held,
            after: &after,
            declared: &declared,
            by_way_of: None,
        }
        .found();
        tested.failures.extend(found.failures);
        tested.notes.extend(found.notes);
        tested.failures.extend(unsound(db, Stage::ToHeads, RowsKind::Snapshot)?);
        Ok(tested)
    }

    /// Adds invented rows to an app's tables: what a test, or a snapshot of a release, is filled with. In one
    /// transaction, with `foreign_keys` off meanwhile; inside the caller's own where that is open.
    ///
    /// Errors: `database.*`; nothing has changed then.
    pub fn invent(&self, db: &mut dyn Database, wish: &Wish) -> Result<Invented> {
        let objects = self.app_objects(db)?;
        let tables: Vec<&str> =
            objects.iter().filter(|o| o.kind == ObjectKind::Table).map(|o| o.name.as_str()).collect();
        if db.in_transaction() {
            return invent::rows(db, &tables, wish);
        }
        // Rows of a circle of keys point nowhere for a while.
        let enforced = db.integer("PRAGMA foreign_keys", &[])? == Some(1);
        if enforced {
            db.execute("PRAGMA foreign_keys = OFF")?;
        }
        let result = in_transaction(db, |db| invent::rows(db, &tables, wish));
        if enforced {
            db.execute("PRAGMA foreign_keys = ON")?;
        }
        result
    }

    /// The schema of a fresh install; none where that fails, which the tests of the revisions tell.
    fn fresh(&self, scratch: &mut Scratch<'_>) -> Result<Option<Vec<Object>>> {
        let mut db = scratch()?;
        empty(&mut *db)?;
        let plan = self.graph()?.upgrade(&[], "heads")?;
        if self.steps(&mut *db, &plan).is_err() {
            return Ok(None);
        }
        self.app_objects(&mut *db).map(Some)
    }

    /// All tests of one revision. Answers whether those behind it cannot be tried.
    fn revision(
        &self,
        scratch: &mut Scratch<'_>,
        options: &TestOptions,
        (plan, at): (&Plan, usize),
        script: &Script,
        fresh: &Option<Vec<Object>>,
        of: &mut RevisionTested,
    ) -> Result<bool> {
        let back = match script.code {
            true => self.folder.scripts()?.code_has_down(script),
            false => script.body().is_ok_and(|body| body.down.is_some()),
        };
        of.downgrade = back;
        let trip = Trip { plan, at, script, back };
        if let Outcome::Refused(trouble) = self.trip(scratch, &trip, RowsKind::None, options, of)? {
            // A broken upgrade leaves nothing to those behind it.
            let stop = matches!(trouble.stage, Stage::Before | Stage::Up);
            of.failures.push(trouble);
            return Ok(stop);
        }
        let mut refused: Option<Trouble> = None;
        for kind in [RowsKind::Odd, RowsKind::Plain, RowsKind::Single] {
            match self.trip(scratch, &trip, kind, options, of)? {
                Outcome::Done => break,
                // An upgrade may refuse what the constraints before it let in. A downgrade meets nothing
                // that was not there before, nor does the second upgrade.
                Outcome::Refused(trouble) if kind == RowsKind::Single || trouble.stage != Stage::Up => {
                    refused = None;
                    of.failures.push(trouble);
                    break;
                }
                Outcome::Refused(trouble) => refused = refused.or(Some(trouble)),
            }
        }
        if let Some(mut trouble) = refused {
            let what = trouble.error.as_ref().map(Error::to_string).unwrap_or_default();
            trouble.message = format!("the upgrade refuses rows that were allowed before: {what}");
            of.notes.push(trouble);
        }
        if let Some(fresh) = fresh {
            self.to_heads(scratch, &trip, options, fresh, of)?;
        }
        Ok(false)
    }

    /// Up, down, up.
    fn trip(
        &self,
        scratch: &mut Scratch<'_>,
        trip: &Trip<'_>,
        on: RowsKind,
        options: &TestOptions,
        of: &mut RevisionTested,
    ) -> Result<Outcome> {
        let mut db = scratch()?;
        let db = &mut *db;
        empty(db)?;
        let Trip { plan, at, script, back } = *trip;
        let before = Plan { rows: Vec::new(), steps: plan.steps[..at].to_vec() };
        if let Err(error) = self.steps(db, &before) {
            return Ok(Outcome::Refused(Trouble::error(Stage::Before, on, error)));
        }
        let objects = self.app_objects(db)?;
        if let Some(wish) = wish(on, options) {
            let invented = self.invent(db, &wish)?;
            if on == RowsKind::Odd {
                of.rows = invented.rows();
                of.tables = invented.tables.len();
                of.left_out.clone_from(&invented.left_out);
            }
        }
        let sound = unsound(db, Stage::Before, on)?.is_none();
        let mut told = (Vec::new(), Vec::new());
        let rows = Rows::read(db, &objects)?;
        let step = &plan.steps[at];
        let up = Plan { rows: plan.rows_after(at), steps: vec![step.clone()] };
        if let Err(error) = self.steps(db, &up) {
            return Ok(Outcome::Refused(Trouble::error(Stage::Up, on, error)));
        }
        let objects_up = self.app_objects(db)?;
        let rows_up = Rows::read(db, &objects_up)?;
        let mut said = Declared::default();
        self.declare(&mut said, script, Direction::Up, &objects);
        let mut compare = |comparison: Comparison<'_>| {
            let found = comparison.found();
            told.0.extend(found.failures);
            told.1.extend(found.notes);
        };
        compare(Comparison {
            stage: Stage::Up,
            on,
            before: &rows,
            after: &rows_up,
            declared: &said,
            by_way_of: None,
        });
        if back {
            let down = Plan { rows: plan.rows_after(at + 1), steps: vec![reversed(step)] };
            if let Err(error) = self.steps(db, &down) {
                return Ok(Outcome::Refused(Trouble::error(Stage::Down, on, error)));
            }
            let objects_down = self.app_objects(db)?;
            let rows_down = Rows::read(db, &objects_down)?;
            let mut back = Declared::default();
            self.declare(&mut back, script, Direction::Down, &objects_up);
            let (stage, by_way_of) = (Stage::Down, Some((&rows_up, &back)));
            compare(Comparison { stage, on, before: &rows, after: &rows_down, declared: &said, by_way_of });
            let what = "the downgrade does not bring the schema back";
            let schema = other_schema(stage, on, what, &objects_down, &objects)?;
            if schema.is_none() {
                told.1.extend(other_order(stage, on, &objects_down, &objects)?);
            }
            if schema.is_none()
                && let Err(error) = self.steps(db, &up)
            {
                return Ok(Outcome::Refused(Trouble::error(Stage::UpAgain, on, error)));
            }
            if schema.is_none() {
                let objects_again = self.app_objects(db)?;
                let what = "the second upgrade makes another schema than the first";
                told.0.extend(other_schema(Stage::UpAgain, on, what, &objects_again, &objects_up)?);
            }
            told.0.extend(schema);
        }
        if sound {
            told.0.extend(unsound(db, Stage::UpAgain, on)?);
        }
        // What an empty database shows is shown once.
        told.0.retain(|trouble| !of.failures.iter().any(|known| same(known, trouble)));
        told.1.retain(|trouble| !of.notes.iter().any(|known| same(known, trouble)));
        of.failures.extend(told.0);
        of.notes.extend(told.1);
        Ok(Outcome::Done)
    }

    /// A database at this revision, with rows of its own, in one run to the heads.
    fn to_heads(
        &self,
        scratch: &mut Scratch<'_>,
        trip: &Trip<'_>,
        options: &TestOptions,
        fresh: &[Object],
        of: &mut RevisionTested,
    ) -> Result<()> {
        let Trip { plan, at, .. } = *trip;
        let rest = Plan { rows: plan.rows_after(at + 1), steps: plan.steps[at + 1..].to_vec() };
        for on in [RowsKind::Odd, RowsKind::Plain, RowsKind::Single, RowsKind::None] {
            let mut db = scratch()?;
            empty(&mut *db)?;
            self.steps(&mut *db, &Plan { rows: Vec::new(), steps: plan.steps[..=at].to_vec() })?;
            if let Some(wish) = wish(on, options) {
                self.invent(&mut *db, &wish)?;
            }
            match self.steps(&mut *db, &rest) {
                // Which revision refuses what, its own test tells.
                Err(error) if on == RowsKind::None => {
                    of.failures.push(Trouble::error(Stage::ToHeads, on, error));
                }
                Err(_) => continue,
                Ok(()) => {
                    let now = self.app_objects(&mut *db)?;
                    let what = "from here the heads have another schema than a fresh install";
                    of.failures.extend(other_schema(Stage::ToHeads, on, what, &now, fresh)?);
                }
            }
            break;
        }
        Ok(())
    }

    /// Runs these steps, and no others.
    fn steps(&self, db: &mut dyn Database, plan: &Plan) -> Result<()> {
        if plan.is_empty() {
            return Ok(());
        }
        let again = |_: &RevisionGraph, _: &[String]| Ok(plan.clone());
        run_quietly(self.folder.scripts()?, &self.options, db, plan.clone(), &again).map(|_| ())
    }

    /// Adds what one direction of a file says.
    fn declare(&self, declared: &mut Declared, script: &Script, direction: Direction, objects: &[Object]) {
        let reading = if script.code { None } else { Reading::new(script).ok() };
        match (&reading, direction) {
            (None, _) => declared.add_silent(),
            (Some(reading), Direction::Down) => {
                reading.down.iter().for_each(|side| declared.add(side, objects));
            }
            (Some(reading), Direction::Up | Direction::Stamp) => declared.add(&reading.up, objects),
        }
    }
}

/// All of it, or nothing.
fn in_transaction<T>(db: &mut dyn Database, work: impl FnOnce(&mut dyn Database) -> Result<T>) -> Result<T> {
    db.execute("BEGIN IMMEDIATE")?;
    let result = work(db).and_then(|done| db.execute("COMMIT").map(|_| done));
    if result.is_err() && db.in_transaction() {
        // The error that led here is the one to report.
        let _ = db.execute("ROLLBACK");
    }
    result
}

fn wish(on: RowsKind, options: &TestOptions) -> Option<Wish> {
    let (rows, odd) = match on {
        RowsKind::None | RowsKind::Snapshot => return None,
        RowsKind::Odd => (options.rows, true),
        RowsKind::Plain => (options.rows, false),
        RowsKind::Single => (1, false),
    };
    Some(Wish { seed: options.seed, rows, odd })
}

/// The way back of a step.
fn reversed(step: &Step) -> Step {
    Step {
        revision: step.revision.clone(),
        direction: Direction::Down,
        from: step.to.clone(),
        to: step.from.clone(),
        delete: step.insert.clone(),
        insert: step.delete.clone(),
    }
}

/// A failure, if two schemas are not the same. The order of columns alone is none: what a downgrade adds
/// again comes last.
fn other_schema(
    stage: Stage,
    on: RowsKind,
    what: &str,
    now: &[Object],
    wanted: &[Object],
) -> Result<Option<Trouble>> {
    let found = diff::compare(now, wanted, &diff::Options::default())?.differences;
    Ok((!found.is_empty()).then(|| Trouble::schema(stage, on, what, found)))
}

/// A note, if columns stand elsewhere: `SELECT *` and an INSERT without names notice it.
fn other_order(stage: Stage, on: RowsKind, now: &[Object], wanted: &[Object]) -> Result<Option<Trouble>> {
    let ordered = diff::Options { column_order: true, ..diff::Options::default() };
    let found = diff::compare(now, wanted, &ordered)?.differences;
    let what = format!("the {} leaves columns in another order", stage.as_str());
    Ok((!found.is_empty()).then(|| Trouble::schema(stage, on, &what, found)))
}

/// A failure, if SQLite finds the file damaged.
fn unsound(db: &mut dyn Database, stage: Stage, on: RowsKind) -> Result<Option<Trouble>> {
    let said = db.texts("PRAGMA integrity_check(1)", &[])?;
    let message = format!("integrity_check: {}", said.join("; "));
    Ok((said != ["ok"]).then(|| Trouble::plain(stage, on, message, None)))
}

/// Whether two findings say the same of other rows.
fn same(a: &Trouble, b: &Trouble) -> bool {
    a.stage == b.stage && a.message == b.message && a.differences == b.differences && a.row == b.row
}
