//! A folder tried out: each revision up, down and up again, on an empty database and on invented rows
//! (`trip`); each old revision (`heads`), and each database of a past release, to the heads.

mod heads;
mod trip;

use std::ops::ControlFlow;

use super::rehearse::empty;
use super::{Migrator, run_quietly};
use crate::db::Database;
use crate::diff;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::{Result, cancelled};
use crate::graph::{Plan, RevisionGraph};
use crate::invent::{self, Invented, Wish};
use crate::reading::Reading;
use crate::report::Direction;
use crate::schema::{Object, ObjectKind};
use crate::script::Script;
use crate::trial::{
    Comparison, Declared, Rows, RowsKind, SnapshotTested, Stage, TestOptions, Tested, Trouble,
};
use heads::Travellers;
use trip::Trial;

/// Makes empty databases in memory, of the app's own kind.
pub type Scratch<'s> = dyn FnMut() -> Result<Box<dyn Database>> + 's;

/// Told of each revision before it is tried: which it is, counted from 1, of how many, and its id.
pub type Progress<'p> = dyn FnMut(usize, usize, &str) -> ControlFlow<()> + 'p;

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
    /// Nothing but scratch databases is touched. Each revision runs a few times, however many there are: one
    /// database goes along from revision to revision and is rolled back after each try, and one travels to the
    /// heads with the rows of all. `options.range` names some of them.
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
        let mut trial = Trial::new(self, scratch, options, &plan);
        let mut travellers = Travellers::default();
        for (at, step) in plan.steps.iter().enumerate() {
            let Some(script) = step.revision.as_deref().and_then(|id| scripts.get(id)) else { continue };
            if !wanted.contains(&script.revision.id.as_str()) {
                continue;
            }
            if progress(at + 1, plan.steps.len(), &script.revision.id).is_break() {
                return Err(cancelled().with_hint("run it again when it may finish"));
            }
            let (of, stop) = trial.revision(at, script)?;
            tested.revisions.push(of);
            if stop {
                break;
            }
            if fresh.is_some() {
                travellers.join(&mut trial, at)?;
            }
        }
        if let Some(fresh) = &fresh {
            travellers.arrive(&mut trial, fresh, &mut tested.revisions)?;
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
        Migrator::invent_into(db, &tables, wish)
    }

    /// As [`invent`](Self::invent), for these tables.
    fn invent_into(db: &mut dyn Database, tables: &[&str], wish: &Wish) -> Result<Invented> {
        if db.in_transaction() {
            return invent::rows(db, tables, wish);
        }
        // Rows of a circle of keys point nowhere for a while.
        let enforced = db.integer("PRAGMA foreign_keys", &[])? == Some(1);
        if enforced {
            db.execute("PRAGMA foreign_keys = OFF")?;
        }
        let result = in_transaction(db, |db| invent::rows(db, tables, wish));
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

/// A failure, if SQLite finds the file damaged.
fn unsound(db: &mut dyn Database, stage: Stage, on: RowsKind) -> Result<Option<Trouble>> {
    let said = db.texts("PRAGMA integrity_check(1)", &[])?;
    let message = format!("integrity_check: {}", said.join("; "));
    Ok((said != ["ok"]).then(|| Trouble::plain(stage, on, message, None)))
}
