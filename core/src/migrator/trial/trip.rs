//! One revision: up, down and up again, on an empty database and on invented rows. The database of the moment
//! before it is kept from one to the next, and is rolled back after each try.

use super::{Migrator, Scratch, empty, other_schema, unsound};
use crate::db::Database;
use crate::diff;
use crate::error::{Error, Result};
use crate::graph::{Plan, Step};
use crate::invent::Wish;
use crate::report::Direction;
use crate::schema::Object;
use crate::script::Script;
use crate::trial::{
    Comparison, Declared, Found, RevisionTested, Rows, RowsKind, Stage, TestOptions, Trouble,
};

/// The test of a folder: what its revisions are tried on.
pub(super) struct Trial<'t, 's> {
    pub migrator: &'t Migrator<'t>,
    pub scratch: &'t mut Scratch<'s>,
    pub options: &'t TestOptions,
    /// From nothing to the heads.
    pub plan: &'t Plan,
    /// A database on which nothing has run but the first so many steps.
    kept: Option<(Box<dyn Database>, usize)>,
}

/// A revision on its way through the tests.
struct Trip<'t> {
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

/// A database at one moment of a trip.
struct State {
    objects: Vec<Object>,
    rows: Rows,
}

impl State {
    fn read(migrator: &Migrator<'_>, db: &mut dyn Database) -> Result<State> {
        let objects = migrator.app_objects(db)?;
        Ok(State { rows: Rows::read(db, &objects)?, objects })
    }
}

impl<'t, 's> Trial<'t, 's> {
    pub fn new(
        migrator: &'t Migrator<'t>,
        scratch: &'t mut Scratch<'s>,
        options: &'t TestOptions,
        plan: &'t Plan,
    ) -> Trial<'t, 's> {
        Trial { migrator, scratch, options, plan, kept: None }
    }

    /// All tests of one revision. Answers whether those behind it cannot be tried.
    pub fn revision(&mut self, at: usize, script: &Script) -> Result<(RevisionTested, bool)> {
        let back = match script.code {
            true => self.migrator.folder.scripts()?.code_has_down(script),
            false => script.body().is_ok_and(|body| body.down.is_some()),
        };
        let mut of = RevisionTested {
            revision: script.revision.id.clone(),
            file: script.file.clone(),
            downgrade: back,
            ..RevisionTested::default()
        };
        let trip = Trip { at, script, back };
        if let Outcome::Refused(trouble) = self.trip(&trip, RowsKind::None, &mut of)? {
            // A broken upgrade leaves nothing to those behind it.
            let stop = matches!(trouble.stage, Stage::Before | Stage::Up);
            of.failures.push(trouble);
            return Ok((of, stop));
        }
        let mut refused: Option<Trouble> = None;
        for kind in [RowsKind::Odd, RowsKind::Plain, RowsKind::Single] {
            match self.trip(&trip, kind, &mut of)? {
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
        Ok((of, false))
    }

    /// A new database at the first `steps` of the plan, which run in one go.
    pub fn database_at(&mut self, steps: usize) -> Result<std::result::Result<Box<dyn Database>, Error>> {
        let mut db = (self.scratch)()?;
        empty(&mut *db)?;
        Ok(self.run(&mut *db, 0, steps).map(|()| db))
    }

    /// Runs the steps from one place of the plan to another, in one go.
    pub fn run(&self, db: &mut dyn Database, from: usize, to: usize) -> Result<()> {
        let steps = self.plan.steps[from..to].to_vec();
        self.migrator.steps(db, &Plan { rows: self.plan.rows_after(from), steps })
    }

    /// The kept database, brought to the first `steps` of the plan.
    fn brought_to(&mut self, steps: usize) -> Result<std::result::Result<Box<dyn Database>, Error>> {
        match self.kept.take() {
            Some((mut db, at)) if at <= steps => Ok(self.run(&mut *db, at, steps).map(|()| db)),
            _ => self.database_at(steps),
        }
    }

    /// Up, down, up.
    fn trip(&mut self, trip: &Trip<'_>, on: RowsKind, of: &mut RevisionTested) -> Result<Outcome> {
        let inside = may_be_rolled_back(trip.script);
        let db = if inside { self.brought_to(trip.at)? } else { self.database_at(trip.at)? };
        let mut db = match db {
            Ok(db) => db,
            Err(error) => return Ok(Outcome::Refused(Trouble::error(Stage::Before, on, error))),
        };
        if !inside {
            return self.there_and_back(&mut *db, trip, on, of);
        }
        db.execute("BEGIN IMMEDIATE")?;
        let outcome = self.there_and_back(&mut *db, trip, on, of);
        // Where SQLite or the revision's code has ended it, the database is no longer what it was.
        if db.in_transaction() {
            db.execute("ROLLBACK")?;
            self.kept = Some((db, trip.at));
        }
        outcome
    }

    fn there_and_back(
        &self,
        db: &mut dyn Database,
        trip: &Trip<'_>,
        on: RowsKind,
        of: &mut RevisionTested,
    ) -> Result<Outcome> {
        let Trial { migrator, options, plan, .. } = self;
        if let Some(wish) = wish(on, options) {
            let invented = migrator.invent(db, &wish)?;
            if on == RowsKind::Odd {
                of.rows = invented.rows();
                of.tables = invented.tables.len();
                of.left_out = invented.left_out;
            }
        }
        let sound = unsound(db, Stage::Before, on)?.is_none();
        let before = State::read(migrator, db)?;
        let up = Plan { rows: plan.rows_after(trip.at), steps: vec![plan.steps[trip.at].clone()] };
        if let Err(error) = migrator.steps(db, &up) {
            return Ok(Outcome::Refused(Trouble::error(Stage::Up, on, error)));
        }
        let after = State::read(migrator, db)?;
        let mut said = Declared::default();
        migrator.declare(&mut said, trip.script, Direction::Up, &before.objects);
        let mut told = Comparison {
            stage: Stage::Up,
            on,
            before: &before.rows,
            after: &after.rows,
            declared: &said,
            by_way_of: None,
        }
        .found();
        if trip.back
            && let Outcome::Refused(trouble) =
                self.and_back(db, trip, on, &up, (&before, &after, &said), &mut told)?
        {
            return Ok(Outcome::Refused(trouble));
        }
        if sound {
            told.failures.extend(unsound(db, Stage::UpAgain, on)?);
        }
        // What an empty database shows is shown once.
        told.failures.retain(|trouble| !of.failures.iter().any(|known| same(known, trouble)));
        told.notes.retain(|trouble| !of.notes.iter().any(|known| same(known, trouble)));
        of.failures.extend(told.failures);
        of.notes.extend(told.notes);
        Ok(Outcome::Done)
    }

    /// Down, and up again where that has brought the schema back.
    fn and_back(
        &self,
        db: &mut dyn Database,
        trip: &Trip<'_>,
        on: RowsKind,
        up: &Plan,
        (before, after, said): (&State, &State, &Declared),
        told: &mut Found,
    ) -> Result<Outcome> {
        let Trial { migrator, plan, .. } = self;
        let down = Plan { rows: plan.rows_after(trip.at + 1), steps: vec![reversed(&plan.steps[trip.at])] };
        if let Err(error) = migrator.steps(db, &down) {
            return Ok(Outcome::Refused(Trouble::error(Stage::Down, on, error)));
        }
        let now = State::read(migrator, db)?;
        let mut back = Declared::default();
        migrator.declare(&mut back, trip.script, Direction::Down, &after.objects);
        let found = Comparison {
            stage: Stage::Down,
            on,
            before: &before.rows,
            after: &now.rows,
            declared: said,
            by_way_of: Some((&after.rows, &back)),
        }
        .found();
        told.failures.extend(found.failures);
        told.notes.extend(found.notes);
        let what = "the downgrade does not bring the schema back";
        if let Some(other) = other_schema(Stage::Down, on, what, &now.objects, &before.objects)? {
            told.failures.push(other);
            return Ok(Outcome::Done);
        }
        told.notes.extend(other_order(Stage::Down, on, &now.objects, &before.objects)?);
        if let Err(error) = migrator.steps(db, up) {
            return Ok(Outcome::Refused(Trouble::error(Stage::UpAgain, on, error)));
        }
        let again = migrator.app_objects(db)?;
        let what = "the second upgrade makes another schema than the first";
        told.failures.extend(other_schema(Stage::UpAgain, on, what, &again, &after.objects)?);
        Ok(Outcome::Done)
    }
}

/// Whether all that a revision does can run inside a transaction around it.
fn may_be_rolled_back(script: &Script) -> bool {
    script.code
        || script
            .body()
            .is_ok_and(|body| body.up.transaction && body.down.is_none_or(|down| down.transaction))
}

/// Which rows are invented; none, for a database that has its own or shall have none.
pub(super) fn wish(on: RowsKind, options: &TestOptions) -> Option<Wish> {
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

/// A note, if columns stand elsewhere: `SELECT *` and an INSERT without names notice it.
fn other_order(stage: Stage, on: RowsKind, now: &[Object], wanted: &[Object]) -> Result<Option<Trouble>> {
    let ordered = diff::Options { column_order: true, ..diff::Options::default() };
    let found = diff::compare(now, wanted, &ordered)?.differences;
    let what = format!("the {} leaves columns in another order", stage.as_str());
    Ok((!found.is_empty()).then(|| Trouble::schema(stage, on, &what, found)))
}

/// Whether two findings say the same of other rows.
fn same(a: &Trouble, b: &Trouble) -> bool {
    a.stage == b.stage && a.message == b.message && a.differences == b.differences && a.row == b.row
}
