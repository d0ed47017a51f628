//! `lint.rebuild_by_hand`

use super::destructive::copied;
use super::{Findings, Rule};
use crate::alter::Action;
use crate::deed::Deed;
use crate::reading::Reading;
use crate::sql::same_name;

/// CREATE new, copy, DROP old, RENAME new: the twelve steps of <https://sqlite.org/lang_altertable.html>.
pub(super) fn look(reading: &Reading<'_>, findings: &mut Findings) {
    for side in reading.sides() {
        for (at, statement) in side.statements.iter().enumerate() {
            let Deed::DropTable { table, .. } = &statement.deed else { continue };
            let renamed =
                |action: &Action| matches!(action, Action::RenameTable { to } if same_name(to, table));
            let back = side.statements[at..].iter().any(|later| match &later.deed {
                Deed::Alter(alteration) => {
                    side.makes(&alteration.table) && alteration.actions.iter().any(renamed)
                }
                _ => false,
            });
            if back && copied(&side.statements[..at], table) {
                findings.at(
                    Rule::RebuildByHand,
                    (reading.script, side, statement),
                    Some(table),
                    format!("{table} is copied, dropped and made anew by hand"),
                    "write ALTER TABLE with what is to change: limbeck copies where it must, and keeps the rest",
                );
            }
        }
    }
}
