//! What the rows of a database, as they are, say against a plan: the new rules that they break.

use super::Migrator;
use crate::db::Database;
use crate::deed::Deed;
use crate::error::{Error, Result};
use crate::execute;
use crate::graph::Plan;
use crate::reading::holds;
use crate::report::Direction;
use crate::script::{Item, ItemKind};

impl Migrator<'_> {
    /// A warning for each alteration and each unique index that rows would stop. Asked only of tables that nothing before it in the plan
    /// may have changed, neither their definition nor their rows: of all others, nothing is said.
    pub(super) fn foreseen(&self, db: &mut dyn Database, plan: &Plan) -> Result<Vec<String>> {
        let triggers = "SELECT sql FROM main.sqlite_master WHERE type = 'trigger'";
        let mut before = Before { triggers: db.texts(triggers, &[])?, ..Before::default() };
        let mut warnings = Vec::new();
        for step in &plan.steps {
            let Some(revision) = &step.revision else { continue };
            // What code does is not known.
            let Some(script) = self.script(revision).filter(|script| !script.code) else { break };
            let body = script.body()?;
            let section = match step.direction {
                Direction::Up => Some(body.up),
                Direction::Down => body.down,
                Direction::Stamp => None,
            };
            for item in section.into_iter().flat_map(|section| section.items) {
                if item.unless.is_none()
                    && let Some(broken) = before.broken(db, &item)?
                {
                    warnings.push(format!("revision {revision}: {broken}"));
                }
                before.add(item);
            }
        }
        Ok(warnings)
    }
}

/// What runs before a statement of a plan.
#[derive(Default)]
struct Before {
    items: Vec<Item>,
    /// Whether any of it writes rows, so that triggers may fire.
    writes: bool,
    /// The triggers of the database.
    triggers: Vec<String>,
}

impl Before {
    fn add(&mut self, item: Item) {
        self.writes = self.writes
            || matches!(Deed::of(&item.sql), Deed::Insert { .. } | Deed::Update { .. } | Deed::Delete { .. });
        self.items.push(item);
    }

    /// What would stop a statement that comes next.
    fn broken(&self, db: &mut dyn Database, item: &Item) -> Result<Option<Error>> {
        let untouched = |table: &str| !self.touches(table);
        match &item.kind {
            ItemKind::Alter(alteration) => execute::broken_rows(db, alteration, &untouched),
            ItemKind::Sql => match Deed::of(&item.sql) {
                Deed::CreateIndex(index) if untouched(&index.table) => execute::equal_rows(db, &index),
                _ => Ok(None),
            },
        }
    }

    /// Whether a table may be another one then.
    fn touches(&self, table: &str) -> bool {
        self.items.iter().any(|item| holds(&item.sql, table))
            || (self.writes && self.triggers.iter().any(|sql| holds(sql, table)))
    }
}
