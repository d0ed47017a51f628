//! A table that has no rows, made anew: dropped, and created with its indexes.

use super::draft::Draft;
use super::keep::is_sqlites_order;
use super::rebuild::create;
use super::table_state::TableState;
use crate::error::Result;
use crate::schema::{ColumnRule, Object, TableDef, TableRule};
use crate::sql::{Token, TokenType as T, index_entries, is_name, tokens, unquote};

/// The statements, none of which but the first SQLite could refuse; none where that is not sure. They lose the
/// table's triggers, its AUTOINCREMENT counter and its statistics.
///
/// SQLite reads texts that it creates no more: a function or a collation is not registered on this connection,
/// a string stands in double quotes (<https://sqlite.org/quirks.html#dblquote>). So nothing of the table may hold an
/// expression.
pub fn made_anew(state: &TableState, draft: &Draft) -> Result<Option<Vec<String>>> {
    let table = &draft.table;
    if !is_plain(table) || !draft.indexes.iter().all(|index| is_plain_index(index, table)) {
        return Ok(None);
    }
    let mut statements = vec![format!("DROP TABLE {}", state.qualified()), create(state, draft)];
    for index in &draft.indexes {
        statements.push(index.create()?);
    }
    Ok(Some(statements))
}

fn is_plain(table: &TableDef) -> bool {
    let column = |rule: &ColumnRule| match rule {
        ColumnRule::Check(_) | ColumnRule::Generated { .. } => false,
        ColumnRule::Default(value) => !table.text(value).starts_with('('),
        _ => true,
    };
    let constraint = |rule: &TableRule| match rule {
        TableRule::Check(_) => false,
        TableRule::PrimaryKey { columns, .. } | TableRule::Unique(columns) => {
            columns.iter().filter_map(|column| column.collation.as_deref()).all(is_sqlites_order)
        }
        _ => true,
    };
    table.columns.iter().flat_map(|column| &column.constraints).all(|c| column(&c.rule))
        && table.columns.iter().all(|column| is_sqlites_order(&table.collation(column)))
        && table.constraints.iter().all(|c| constraint(&c.rule))
}

/// Whether an index lists columns of the table, in orders of SQLite's own, and no more.
fn is_plain_index(index: &Object, table: &TableDef) -> bool {
    let sql = index.sql.as_deref().unwrap_or_default();
    let Some((entries, None)) = tokens(sql).ok().and_then(|all| index_entries(sql, &all)) else {
        return false;
    };
    let is_column = |token: &Token<'_>| is_name(token) && table.position(&unquote(token.text)).is_some();
    entries.iter().all(|entry| match tokens(entry).as_deref() {
        Ok([column]) => is_column(column),
        Ok([column, collate, order]) => {
            is_column(column) && collate.kind == T::TK_COLLATE && is_sqlites_order(&unquote(order.text))
        }
        _ => false,
    })
}
