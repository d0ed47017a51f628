//! `lint.destructive_without_downgrade`

use super::{Earlier, Findings, Rule};
use crate::alter::{Action, Alteration};
use crate::deed::Deed;
use crate::reading::{Reading, Statement, actions, makes};
use crate::sql::{lower, same_name};

/// A downgrade without a statement brings nothing back, and counts as none.
pub(super) fn look(reading: &Reading<'_>, earlier: &mut Earlier, findings: &mut Findings) {
    let up = &reading.up;
    let undone = reading.down.as_ref().is_some_and(|down| !down.statements.is_empty());
    for (at, statement) in up.statements.iter().enumerate().filter(|_| !undone) {
        let before = &up.statements[..at];
        let (what, name) = match &statement.deed {
            // What this revision has made itself is its own scaffold; what it has copied is not lost.
            Deed::DropTable { table, .. } if !makes(before, table) && !copied(before, table) => {
                // DROP TABLE IF EXISTS before the scaffold is made.
                if up.makes(table) && !earlier.made.contains(&lower(table)) {
                    continue;
                }
                (format!("DROP TABLE {table}"), table)
            }
            Deed::Delete { table, all: true } if !makes(before, table) => {
                (format!("DELETE FROM {table}"), table)
            }
            Deed::Alter(alteration) if !makes(before, &alteration.table) => {
                let Some(column) = dropped(before, alteration) else { continue };
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
    earlier.made.extend(up.statements.iter().flat_map(made));
}

/// The names that a statement gives to a table.
fn made(statement: &Statement) -> Vec<String> {
    let renamed = |action: &Action| match action {
        Action::RenameTable { to } => Some(lower(to)),
        _ => None,
    };
    match &statement.deed {
        Deed::CreateTable { table } | Deed::Other { table: Some(table) } => vec![lower(table)],
        Deed::Alter(alteration) => alteration.actions.iter().filter_map(renamed).collect(),
        _ => Vec::new(),
    }
}

/// The first column that an alteration drops, unless the revision has added it before.
fn dropped<'a>(before: &[Statement], alteration: &'a Alteration) -> Option<&'a String> {
    let adds = |action: &Action, column: &str| matches!(action, Action::AddColumn { column: added, .. } if same_name(added, column));
    let mut earlier = alteration.actions.iter().enumerate();
    earlier.find_map(|(at, action)| {
        let Action::DropColumn { column, .. } = action else { return None };
        let added = alteration.actions[..at].iter().any(|action| adds(action, column))
            || actions(before)
                .any(|(_, other, action)| same_name(&other.table, &alteration.table) && adds(action, column));
        (!added).then_some(column)
    })
}

/// Whether the rows of a table were copied into another one: `INSERT INTO … SELECT … FROM table`.
pub(super) fn copied(before: &[Statement], table: &str) -> bool {
    before.iter().any(|statement| {
        matches!(&statement.deed, Deed::Insert { table: into, selects: true, .. } if !same_name(into, table))
            && statement.mentions(table)
    })
}
