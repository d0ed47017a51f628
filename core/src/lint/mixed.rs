//! `lint.schema_and_data`

use std::collections::BTreeSet;

use super::{Findings, Rule};
use crate::alter::Action;
use crate::deed::Deed;
use crate::reading::{Reading, Side};

/// A fill between two alterations of a table belongs to them, and so does whatever names a table that the
/// revision makes, alters or drops: only rows that the schema's change has nothing to do with are told.
pub(super) fn look(reading: &Reading<'_>, findings: &mut Findings) {
    for side in reading.sides() {
        let changed = changed(side);
        if changed.is_empty() {
            continue;
        }
        for statement in &side.statements {
            let (verb, table) = match &statement.deed {
                Deed::Insert { table, .. } => ("INSERT INTO", table),
                Deed::Update { table, .. } => ("UPDATE", table),
                Deed::Delete { table, .. } => ("DELETE FROM", table),
                _ => continue,
            };
            if changed.iter().any(|name| statement.mentions(name)) {
                continue;
            }
            let others: Vec<&str> = changed.iter().map(String::as_str).take(3).collect();
            findings.at(
                Rule::SchemaAndData,
                (reading.script, side, statement),
                None,
                format!("{verb} {table} beside a change of the schema of {}", others.join(", ")),
                "move it to a revision of its own",
            );
        }
    }
}

/// The tables whose schema this direction changes.
fn changed(side: &Side) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    for statement in &side.statements {
        match &statement.deed {
            Deed::CreateTable { table } | Deed::DropTable { table, .. } => {
                tables.insert(table.to_ascii_lowercase());
            }
            Deed::CreateIndex(index) => {
                tables.insert(index.table.to_ascii_lowercase());
            }
            Deed::Other { table } => tables.extend(table.as_ref().map(|table| table.to_ascii_lowercase())),
            Deed::Alter(alteration) => {
                tables.insert(alteration.table.to_ascii_lowercase());
                for action in &alteration.actions {
                    if let Action::RenameTable { to } = action {
                        tables.insert(to.to_ascii_lowercase());
                    }
                }
            }
            Deed::Insert { .. }
            | Deed::Update { .. }
            | Deed::Delete { .. }
            | Deed::DropIndex { .. }
            | Deed::DropView { .. }
            | Deed::Vacuum
            | Deed::Neither => {}
        }
    }
    tables
}
