//! `lint.rebuild_by_hand`

use super::destructive::copied;
use super::{Findings, Rule};
use crate::alter::Action;
use crate::deed::Deed;
use crate::reading::{Reading, Statement, actions, makes};
use crate::sql::same_name;

/// CREATE new, copy, DROP old, RENAME new: the twelve steps of <https://sqlite.org/lang_altertable.html>. Or RENAME old,
/// CREATE, copy, DROP old, of which it says that views and triggers follow the rename to what is dropped then.
pub(super) fn look(reading: &Reading<'_>, findings: &mut Findings) {
    for side in reading.sides() {
        for (at, statement) in side.statements.iter().enumerate() {
            let Deed::DropTable { table, .. } = &statement.deed else { continue };
            let (before, after) = side.statements.split_at(at);
            let new = renamed_to(after, table).filter(|new| side.makes(new)).map(|_| table.as_str());
            let old = renamed_to(before, table).filter(|old| makes(before, old));
            let Some(name) = new.or(old).filter(|_| copied(before, table)) else { continue };
            findings.at(
                Rule::RebuildByHand,
                (reading.script, side, statement),
                Some(table),
                format!("{name} is copied, dropped and made anew by hand"),
                "write ALTER TABLE with what is to change: limbeck copies where it must, and keeps the rest",
            );
        }
    }
}

/// The table that one of the statements gives this name.
fn renamed_to<'a>(statements: &'a [Statement], name: &str) -> Option<&'a str> {
    let is = |action: &Action| matches!(action, Action::RenameTable { to } if same_name(to, name));
    actions(statements).find(|(_, _, action)| is(action)).map(|(_, alteration, _)| alteration.table.as_str())
}
