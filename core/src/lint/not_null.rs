//! `lint.not_null_without_default` and `lint.not_null_without_fill`

use super::{Earlier, Findings, Rule};
use crate::alter::Action;
use crate::deed::Deed;
use crate::reading::{Reading, Side};
use crate::schema::{ColumnRule, TableDef};
use crate::sql::{quote, same_name};

pub(super) fn look(reading: &Reading<'_>, earlier: &mut Earlier, findings: &mut Findings) {
    for side in reading.sides() {
        added(reading, side, findings);
    }
    filled_first(reading, &reading.up, earlier, findings);
    if let Some(down) = &reading.down {
        // Which rows came after the upgrade, no earlier revision can know.
        filled_first(reading, down, &mut Earlier::default(), findings);
    }
}

fn added(reading: &Reading<'_>, side: &Side, findings: &mut Findings) {
    for (statement, alteration, action) in side.actions() {
        let Action::AddColumn { column, definition, .. } = action else { continue };
        if side.makes(&alteration.table) || !needs_a_value(definition) {
            continue;
        }
        let (table, name) = (quote(&alteration.table), quote(column));
        findings.at(
            Rule::NotNullWithoutDefault,
            (reading.script, side, statement),
            Some(column),
            format!("{}.{column} is NOT NULL and has no DEFAULT", alteration.table),
            format!(
                "add a DEFAULT; or add {name} without NOT NULL, fill it with UPDATE {table} SET {name} = …, \
                 then ALTER TABLE {table} ALTER {name} SET NOT NULL"
            ),
        );
    }
}

/// Whether a column's definition leaves no value for rows that are there.
fn needs_a_value(definition: &str) -> bool {
    let Ok(table) = TableDef::parse(&format!("CREATE TABLE t({definition}\n)")) else { return false };
    let [column] = &table.columns[..] else { return false };
    let default = column.default().map(|span| table.text(span).trim_matches(['(', ')', ' ']));
    let none = default.is_none_or(|default| default.eq_ignore_ascii_case("null"));
    column.is_not_null() && none && column.generated().is_none() && table.rowid_alias().is_none()
}

fn filled_first(reading: &Reading<'_>, side: &Side, earlier: &mut Earlier, findings: &mut Findings) {
    let filled = &mut earlier.filled;
    let key = |table: &str, column: &str| (table.to_ascii_lowercase(), column.to_ascii_lowercase());
    for statement in &side.statements {
        match &statement.deed {
            Deed::Update { table, columns, .. } => {
                filled.extend(columns.iter().map(|column| key(table, column)));
            }
            // Its rows come from this folder, as far as it knows.
            Deed::CreateTable { table } => {
                let Some(definition) = statement.definition() else { continue };
                let not_null = |column: &&crate::schema::ColumnDef| {
                    column.constraints.iter().any(|c| c.rule == ColumnRule::NotNull)
                };
                let columns = definition.columns.iter().filter(not_null);
                filled.extend(columns.map(|column| key(table, &column.name)));
            }
            Deed::Alter(alteration) => {
                for action in &alteration.actions {
                    match action {
                        // A DEFAULT is every old row's value.
                        Action::AddColumn { column, definition, .. } if has_value_for_all(definition) => {
                            filled.insert(key(&alteration.table, column));
                        }
                        Action::SetType { column, using: Some(_), .. } => {
                            filled.insert(key(&alteration.table, column));
                        }
                        Action::SetNotNull { column, .. } => {
                            let told = filled.contains(&key(&alteration.table, column))
                                || side.makes(&alteration.table);
                            filled.insert(key(&alteration.table, column));
                            if !told {
                                set(reading, side, statement, &alteration.table, column, findings);
                            }
                        }
                        Action::RenameColumn { column, to }
                            if filled.contains(&key(&alteration.table, column)) =>
                        {
                            filled.insert(key(&alteration.table, to));
                        }
                        Action::RenameTable { to } => {
                            let moved: Vec<_> = filled
                                .iter()
                                .filter(|(table, _)| same_name(table, &alteration.table))
                                .map(|(_, column)| key(to, column))
                                .collect();
                            filled.extend(moved);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether a column that is added has a value in every row that is there: of a DEFAULT, or generated.
fn has_value_for_all(definition: &str) -> bool {
    let Ok(table) = TableDef::parse(&format!("CREATE TABLE t({definition}\n)")) else { return false };
    table.columns.iter().any(|column| {
        column.generated().is_some()
            || column.default().is_some_and(|span| !table.text(span).eq_ignore_ascii_case("null"))
    })
}

fn set(
    reading: &Reading<'_>,
    side: &Side,
    statement: &super::Statement,
    table: &str,
    column: &str,
    findings: &mut Findings,
) {
    let (table_name, name) = (quote(table), quote(column));
    findings.at(
        Rule::NotNullWithoutFill,
        (reading.script, side, statement),
        Some(column),
        format!("{table}.{column} becomes NOT NULL, and no UPDATE before has given it a value"),
        format!("write UPDATE {table_name} SET {name} = … WHERE {name} IS NULL before it"),
    );
}
