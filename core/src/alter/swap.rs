//! The rebuild while foreign keys are enforced: the new table and the old one change places in
//! `sqlite_schema`, because `DROP TABLE` would delete the children's rows, and enforcement cannot be
//! switched off inside the caller's own transaction
//! (<https://sqlite.org/pragma.html#pragma_foreign_keys>).
//!
//! SQLite documents no such way: the caller runs `integrity_check` before COMMIT.

use super::draft::Draft;
use super::table_state::TableState;
use crate::error::Result;
use crate::schema::{ColumnRule, Edits, TableDef, TableRule, remove_item};
use crate::sql::{literal, quote};

/// Two tables change places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// Creates the new table under a name that nothing refers to.
    pub create: String,
    /// Edits of `sqlite_schema`, all before it is read again.
    pub edits: Vec<String>,
    /// The AUTOINCREMENT counter follows, if there are counters.
    pub counters: Vec<String>,
}

impl Swap {
    /// The old table becomes `aside`, `fresh` becomes the table.
    pub(super) fn new(state: &TableState, draft: &Draft, fresh: &str, aside: &str) -> Result<Swap> {
        let schema = quote(&state.schema);
        let (master, sequence) = (format!("{schema}.sqlite_master"), format!("{schema}.sqlite_sequence"));
        let name = literal(&state.table.name);
        let mut edits = Vec::new();
        let mut rename = |from: &str, to: &str, sql: &str| {
            let (from, to, sql) = (literal(from), literal(to), literal(sql));
            edits.push(format!(
                "UPDATE {master} SET name = {to}, tbl_name = {to}, sql = {sql} WHERE type = 'table' AND name = {from}"
            ));
            // `sqlite_autoindex_<table>_<number>`: https://sqlite.org/fileformat2.html#internal_schema_objects
            edits.push(format!(
                "UPDATE {master} SET name = 'sqlite_autoindex_' || {to} || substr(name, length(tbl_name) + 18), tbl_name = {to} \
                 WHERE type = 'index' AND sql IS NULL AND tbl_name = {from}"
            ));
        };
        rename(&state.table.name, aside, &shape(&state.table, aside)?);
        rename(fresh, &state.table.name, &draft.table.sql);
        let fresh_counter = format!("WHERE name = {}", literal(fresh));
        let counters = match state.table.autoincrement() && draft.table.autoincrement() {
            // What was given out before counts, not what the copy has set.
            true => vec![format!("DELETE FROM {sequence} {fresh_counter}")],
            false => vec![
                format!("DELETE FROM {sequence} WHERE name = {name} COLLATE NOCASE"),
                format!("UPDATE {sequence} SET name = {name} {fresh_counter}"),
            ],
        };
        let shape = TableDef::parse(&shape(&draft.table, fresh)?)?;
        let mut create = Edits::default();
        create.insert(shape.name_span.start, format!("{schema}."));
        Ok(Swap { create: create.apply(&shape.sql), edits, counters })
    }
}

/// The table under another name with all that its record and its keys need, and no rule that looks
/// at other tables or names itself: no foreign key, no CHECK.
fn shape(table: &TableDef, name: &str) -> Result<String> {
    let mut edits = Edits::default();
    edits.replace(table.name_span.clone(), quote(name));
    for constraint in table.columns.iter().flat_map(|column| &column.constraints) {
        if matches!(constraint.rule, ColumnRule::Check(_) | ColumnRule::References(_)) {
            edits.remove(&table.sql, constraint.span.clone());
        }
    }
    let mut shape = TableDef::parse(&edits.apply(&table.sql))?;
    let looks = |rule: &TableRule| matches!(rule, TableRule::Check(_) | TableRule::ForeignKey { .. });
    while let Some(at) = shape.constraints.iter().position(|constraint| looks(&constraint.rule)) {
        shape = TableDef::parse(&remove_item(&shape, shape.columns.len() + at))?;
    }
    Ok(shape.sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_keeps_what_is_stored() {
        for (table, want) in [
            (
                "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT NOT NULL CHECK (t.a > '') REFERENCES u(x) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED DEFAULT 'x', UNIQUE (a), CHECK (a), FOREIGN KEY (a) REFERENCES t, UNIQUE (id)) STRICT",
                "CREATE TABLE s(id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT 'x', UNIQUE (a), UNIQUE (id)) STRICT",
            ),
            (
                "CREATE TABLE t(a, CONSTRAINT k CHECK (a) CONSTRAINT l FOREIGN KEY (a) REFERENCES t)",
                "CREATE TABLE s(a)",
            ),
        ] {
            assert_eq!(shape(&TableDef::parse(table).unwrap(), "s").unwrap(), want);
        }
    }
}
