//! Whose foreign keys a change of a definition could break.

use super::draft::{Draft, Source};
use super::rules::foreign_keys;
use super::table_state::TableState;
use crate::schema::{ColumnRule, TableDef, TableRule};
use crate::sql::same_name;

/// Tables whose rows could be left without a parent by the change of a definition.
pub fn touched(state: &TableState, draft: &Draft) -> Vec<String> {
    let (old, new) = (&state.table, &draft.table);
    let keeps_value = |column: &str| {
        new.position(column)
            .is_none_or(|at| matches!(&draft.sources[at], Source::Column(from) if same_name(from, column)))
    };
    let generated = |table: &TableDef, column: &str| {
        let (expression, _) = table.column(column)?.generated()?;
        Some(table.text(expression).to_owned())
    };
    // What a generated column reads may be generated too: its values are sure to stay where all columns do.
    let all_keep = old.columns.iter().map(|column| column.name.as_str()).all(|column| {
        new.column(column).is_some()
            && keeps_value(column)
            && generated(old, column) == generated(new, column)
    });
    let computed = |column: &str| generated(old, column).is_some() || generated(new, column).is_some();
    let keeps = |column: &str| keeps_value(column) && (all_keep || !computed(column));
    let keys = foreign_keys(new);
    let mut tables = Vec::new();
    if keys != foreign_keys(old)
        || !keys.iter().all(|(_, columns, _)| columns.iter().all(|column| keeps(column)))
    {
        tables.push(old.name.clone());
    }
    let unique_same = unique_keys(old) == unique_keys(new) && old.primary_key() == new.primary_key();
    for child in &state.children {
        let columns: Vec<&str> = match child.columns.is_empty() {
            true => old.primary_key(),
            false => child.columns.iter().map(String::as_str).collect(),
        };
        if !unique_same || !columns.iter().all(|column| keeps(column)) {
            tables.push(child.table.clone());
        }
    }
    tables
}

/// What makes a column fit to be a parent: UNIQUE constraints, types and collations of all columns.
fn unique_keys(table: &TableDef) -> Vec<String> {
    let columns = table.columns.iter().flat_map(|column| {
        let rules = column.constraints.iter().filter(|c| {
            matches!(c.rule, ColumnRule::Unique | ColumnRule::PrimaryKey { .. } | ColumnRule::Collate(_))
        });
        rules.map(|c| format!("{} {}", column.name, table.text(&c.span)))
    });
    let constraints = table.constraints.iter().filter_map(|c| match c.rule {
        TableRule::Unique(_) | TableRule::PrimaryKey { .. } => Some(table.text(&c.span).to_owned()),
        _ => None,
    });
    columns.chain(constraints).collect()
}
