//! `lint.destructive_without_downgrade`

use super::{Findings, Rule};
use crate::alter::Action;
use crate::deed::Deed;
use crate::reading::{Reading, Side};
use crate::sql::same_name;

/// A downgrade without a statement brings nothing back, and counts as none.
pub(super) fn look(reading: &Reading<'_>, findings: &mut Findings) {
    let up = &reading.up;
    if reading.down.as_ref().is_some_and(|down| !down.statements.is_empty()) {
        return;
    }
    for (at, statement) in up.statements.iter().enumerate() {
        let before = &up.statements[..at];
        let (what, name) = match &statement.deed {
            // What this revision makes itself is its own scaffold; what it has copied is not lost.
            Deed::DropTable { table, .. } if !up.makes(table) && !copied(before, table) => {
                (format!("DROP TABLE {table}"), table)
            }
            Deed::Delete { table, all: true } if !up.makes(table) => (format!("DELETE FROM {table}"), table),
            Deed::Alter(alteration) => {
                let dropped = alteration.actions.iter().find_map(|action| match action {
                    Action::DropColumn { column, .. } if !added(up, &alteration.table, column) => {
                        Some(column)
                    }
                    _ => None,
                });
                let Some(column) = dropped.filter(|_| !up.makes(&alteration.table)) else { continue };
                (format!("DROP COLUMN {column} of {}", alteration.table), column)
            }
            _ => continue,
        };
        findings.at(
            Rule::DestructiveWithoutDowngrade,
            (reading.script, up, statement),
            Some(name),
            format!("{what}, and the revision has no downgrade"),
            "write under '-- migrate:down' what makes it anew, or move what it holds somewhere first",
        );
    }
}

/// Whether the revision has added the column itself.
fn added(up: &Side, table: &str, column: &str) -> bool {
    up.actions().any(|(_, alteration, action)| {
        matches!(action, Action::AddColumn { column: added, .. } if same_name(added, column))
            && same_name(&alteration.table, table)
    })
}

/// Whether the rows of a table were copied into another one: `INSERT INTO … SELECT … FROM table`.
pub(super) fn copied(before: &[super::Statement], table: &str) -> bool {
    before.iter().any(|statement| {
        matches!(&statement.deed, Deed::Insert { table: into, selects: true, .. } if !same_name(into, table))
            && statement.mentions(table)
    })
}
