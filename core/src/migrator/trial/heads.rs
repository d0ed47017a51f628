//! Whether each revision's database, with rows of its own, comes to the heads as a fresh install does.
//!
//! One database travels for all of them: at each revision the tables that are still empty get rows. Where a
//! revision refuses odd rows, plainer ones go on for those before it, and odd ones set out anew behind it. Only
//! where one arrives with another schema does each revision go the whole way by itself, to find which.

use super::trip::{Trial, wish};
use super::{Migrator, other_schema};
use crate::db::Database;
use crate::error::{Result, accepted};
use crate::schema::{Object, ObjectKind};
use crate::sql::quote;
use crate::trial::{RevisionTested, RowsKind, Stage, Trouble};

/// Where the schema is another one.
const WHAT: &str = "from here the heads have another schema than a fresh install";

/// Who is on the way to the heads: at most one with each kind of rows, the plainest first.
#[derive(Default)]
pub(super) struct Travellers(Vec<Traveller>);

struct Traveller {
    db: Box<dyn Database>,
    /// How many of the plan's steps it has behind it.
    steps: usize,
    on: RowsKind,
    /// The step behind which it set out.
    from: usize,
}

impl Travellers {
    /// Brings them behind the step `at`, and adds rows of that moment.
    pub fn join(&mut self, trial: &mut Trial<'_, '_>, at: usize) -> Result<()> {
        self.go(trial, at + 1)?;
        if !self.have(RowsKind::Odd) {
            self.0.push(Traveller::set_out(trial, at + 1, RowsKind::Odd, at)?);
        }
        self.0.iter_mut().try_for_each(|one| one.fill(trial))
    }

    /// Brings them to the heads. What is another schema there than a fresh install's is a failure of the
    /// revisions from which it comes.
    pub fn arrive(
        mut self,
        trial: &mut Trial<'_, '_>,
        fresh: &[Object],
        tested: &mut [RevisionTested],
    ) -> Result<()> {
        self.go(trial, trial.plan.steps.len())?;
        let mut others = Vec::new();
        for mut one in self.0 {
            let now = trial.migrator.app_objects(&mut *one.db)?;
            let other = other_schema(Stage::ToHeads, one.on, WHAT, &now, fresh)?;
            others.extend(other.map(|trouble| (one.from, trouble)));
        }
        let Some((from, trouble)) = others.into_iter().next() else { return Ok(()) };
        let place = |of: &RevisionTested| {
            trial.plan.steps.iter().position(|step| step.revision.as_ref() == Some(&of.revision))
        };
        let places: Vec<Option<usize>> = tested.iter().map(place).collect();
        let mut found = false;
        for (of, at) in tested.iter_mut().zip(&places) {
            let alone = at.map(|at| alone(trial, at, fresh)).transpose()?.flatten();
            found |= alone.is_some();
            of.failures.extend(alone);
        }
        // It comes of the rows of several together.
        let first = tested.iter_mut().zip(&places).find(|(_, at)| **at == Some(from));
        if let Some((of, _)) = first.filter(|_| !found) {
            of.failures.push(trouble);
        }
        Ok(())
    }

    fn have(&self, on: RowsKind) -> bool {
        self.0.iter().any(|one| one.on == on)
    }

    /// Whose rows are refused goes on with plainer ones, unless another does; with none at all where a single one
    /// is refused too, and then it is a fresh install. Which revision refuses what, its own test tells.
    fn go(&mut self, trial: &mut Trial<'_, '_>, steps: usize) -> Result<()> {
        for mut one in std::mem::take(&mut self.0) {
            while !self.have(one.on) {
                if trial.run(&mut *one.db, one.steps, steps).is_ok() {
                    self.0.push(Traveller { steps, ..one });
                    break;
                }
                let plainer = match one.on {
                    RowsKind::Odd => RowsKind::Plain,
                    RowsKind::Plain => RowsKind::Single,
                    RowsKind::Single | RowsKind::None | RowsKind::Snapshot => break,
                };
                one = Traveller::set_out(trial, one.steps, plainer, one.from)?;
                one.fill(trial)?;
            }
        }
        Ok(())
    }
}

impl Traveller {
    fn set_out(trial: &mut Trial<'_, '_>, steps: usize, on: RowsKind, from: usize) -> Result<Traveller> {
        Ok(Traveller { db: trial.database_at(steps)??, steps, on, from })
    }

    /// Adds rows to the tables that are empty.
    fn fill(&mut self, trial: &Trial<'_, '_>) -> Result<()> {
        let objects = trial.migrator.app_objects(&mut *self.db)?;
        let mut empty = Vec::new();
        for table in objects.iter().filter(|object| object.kind == ObjectKind::Table) {
            let rows = accepted(self.db.any(&format!("SELECT 1 FROM main.{}", quote(&table.name)), &[]))?;
            if rows == Some(false) {
                empty.push(table.name.as_str());
            }
        }
        match wish(self.on, trial.options) {
            Some(wish) if !empty.is_empty() => {
                Migrator::invent_into(&mut *self.db, &empty, &wish).map(|_| ())
            }
            _ => Ok(()),
        }
    }
}

/// A database at one revision, with rows of its own, in one run to the heads: on the oddest rows with which it
/// arrives at all.
fn alone(trial: &mut Trial<'_, '_>, at: usize, fresh: &[Object]) -> Result<Option<Trouble>> {
    for on in [RowsKind::Odd, RowsKind::Plain, RowsKind::Single, RowsKind::None] {
        let mut db = trial.database_at(at + 1)??;
        if let Some(wish) = wish(on, trial.options) {
            trial.migrator.invent(&mut *db, &wish)?;
        }
        match trial.run(&mut *db, at + 1, trial.plan.steps.len()) {
            Ok(()) => {
                let now = trial.migrator.app_objects(&mut *db)?;
                return other_schema(Stage::ToHeads, on, WHAT, &now, fresh);
            }
            Err(error) if on == RowsKind::None => return Ok(Some(Trouble::error(Stage::ToHeads, on, error))),
            Err(_) => {}
        }
    }
    Ok(None)
}
