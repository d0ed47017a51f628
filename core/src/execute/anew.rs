//! ADD COLUMN on a table without rows, in the way that costs SQLite least: its `ALTER TABLE` reads the whole
//! schema anew, where DROP TABLE reads nothing and CREATE TABLE that table alone. The first launch of an app
//! is made of such steps.

use super::{Purpose, Run};
use crate::alter::{Action, Draft, Rebuild, TableState};
use crate::error::{ErrorKind, Result, refusal};
use crate::proof::Inventory;
use crate::schema::ObjectKind;
use crate::sql::same_name;

/// Drops the table and creates it with its new columns, where it has no rows and only indexes would go with
/// it. Answers whether it did: if not, nothing has changed.
pub(super) fn made_anew(
    run: &mut Run<'_, '_>,
    state: &TableState,
    draft: &Draft,
    actions: &[Action],
    before: &Inventory,
) -> Result<bool> {
    if !adds_columns(actions) || !may_be_dropped(run, state, before) || has_rows(run, state)? {
        return Ok(false);
    }
    run.db.execute("SAVEPOINT limbeck_anew")?;
    for (done, statement) in Rebuild::without_rows(state, draft)?.iter().enumerate() {
        match run.execute(statement) {
            Ok(_) => {}
            // A statement of the app still reads on this connection; or SQLite goes on reading a text that it
            // creates no more.
            Err(error) if error.kind() == ErrorKind::Locked || refusal(&error) => {
                if done > 0 {
                    run.db.execute("ROLLBACK TO limbeck_anew")?;
                }
                run.db.execute("RELEASE limbeck_anew")?;
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
    }
    run.db.execute("RELEASE limbeck_anew")?;
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
