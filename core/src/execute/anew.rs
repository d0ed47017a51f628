//! ADD COLUMN on a table without rows, in the way that costs SQLite least: its `ALTER TABLE` reads the whole
//! schema anew, where DROP TABLE reads nothing and CREATE TABLE that table alone. The first launch of an app
//! is made of such steps.

use super::{Purpose, Run};
use crate::alter::{Action, Draft, TableState, made_anew};
use crate::error::{ErrorKind, Result, refusal};
use crate::proof::Inventory;
use crate::schema::ObjectKind;
use crate::sql::same_name;

/// The statements that drop the table and create it with its new columns, where it has no rows, and only indexes
/// would go with it.
pub(super) fn planned(
    run: &mut Run<'_, '_>,
    state: &TableState,
    draft: &Draft,
    actions: &[Action],
    before: &Inventory,
) -> Result<Option<Vec<String>>> {
    if !adds_columns(actions) || !may_be_dropped(run, state, before) {
        return Ok(None);
    }
    let statements = made_anew(state, draft)?;
    if statements.is_some() && has_rows(run, state)? { Ok(None) } else { Ok(statements) }
}

/// Runs them. Answers whether it did: if not, nothing has changed.
pub(super) fn anew(run: &mut Run<'_, '_>, statements: &[String]) -> Result<bool> {
    for (done, statement) in statements.iter().enumerate() {
        match run.execute(statement) {
            Ok(_) => {}
            // A statement of the app still reads on this connection, or the app forbids it.
            Err(error) if done == 0 && (error.kind() == ErrorKind::Locked || refusal(&error)) => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

fn adds_columns(actions: &[Action]) -> bool {
    actions.iter().all(|action| matches!(action, Action::AddColumn { .. }))
}

/// DROP TABLE takes along the triggers, those of `temp` too, the AUTOINCREMENT counter and the statistics
/// (<https://sqlite.org/lang_droptable.html>); where keys are enforced it is "an implicit DELETE FROM"
/// (<https://sqlite.org/foreignkeys.html#fk_schemacommands>). A script and a plan cannot know the rows.
fn may_be_dropped(run: &Run<'_, '_>, state: &TableState, before: &Inventory) -> bool {
    let on_it = |name: &str| same_name(name, &state.table.name);
    run.options.purpose == Purpose::Live
        && !run.foreign_keys_on
        && !state.table.autoincrement()
        && before.statistics_tables().is_empty()
        && !before.objects.iter().any(|object| object.kind == ObjectKind::Trigger && on_it(&object.table))
}

/// Asked of the table itself: an index could be damaged, and be empty.
fn has_rows(run: &mut Run<'_, '_>, state: &TableState) -> Result<bool> {
    run.db.any(&format!("SELECT 1 FROM {} NOT INDEXED LIMIT 1", state.qualified()), &[])
}
