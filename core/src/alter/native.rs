//! SQLite's own `ALTER TABLE`, where it is provably enough.

use super::action::{Action, ConstraintRef, Position};
use super::choose::Capabilities;
use super::draft::{Draft, Source};
use crate::schema::{ColumnDef, ColumnRule, TableConstraint, TableDef, TableRule};
use crate::sql::{quote, same_name};

/// SQLite's own spelling of the action, or why SQLite cannot be trusted with it.
pub(super) fn native(
    action: &Action,
    before: &Draft,
    after: &Draft,
    can: Capabilities,
) -> Result<String, &'static str> {
    match action {
        Action::AddColumn { column, definition, position, .. } => {
            let last = before.table.columns.last().map(|column| column.name.as_str());
            match position {
                None => {}
                Some(Position::After(name)) if last.is_some_and(|last| same_name(last, name)) => {}
                Some(_) => return Err("SQLite adds columns at the end only"),
            }
            let added = after.table.column(column).ok_or("the column is not there")?;
            add_column(&after.table, added, can)?;
            Ok(format!("ADD COLUMN {definition}"))
        }
        Action::DropColumn { column, .. } => {
            drop_column(column, before, after, can)?;
            Ok(format!("DROP COLUMN {}", quote(column)))
        }
        Action::SetNotNull { column, .. } => {
            since(can, 3_053_000, "SQLite sets NOT NULL since 3.53")?;
            let plain = before.table.column(column).is_some_and(|c| {
                c.constraints.iter().all(|c| !matches!(c.rule, ColumnRule::Null | ColumnRule::Bare))
            });
            // A name that stands alone would become that of the new rule.
            if plain {
                Ok(action.to_string())
            } else {
                Err("the column says NULL, or a name that stands alone")
            }
        }
        Action::DropNotNull { column } => {
            since(can, 3_053_000, "SQLite drops NOT NULL since 3.53")?;
            drop_not_null(&before.table, column)?;
            Ok(action.to_string())
        }
        Action::AddConstraint { definition, .. } => {
            // 3.53 takes a CHECK that is NULL for a row for one that is broken.
            since(can, 3_054_000, "SQLite adds a CHECK rightly since 3.54")?;
            match after.table.constraints.last() {
                Some(TableConstraint { rule: TableRule::Check(_), .. }) => Ok(format!("ADD {definition}")),
                _ => Err("SQLite adds no constraint but a CHECK"),
            }
        }
        Action::DropConstraint { constraint, .. } => {
            let ConstraintRef::Named(name) = constraint else {
                return Err("SQLite drops a constraint by its name only");
            };
            drop_constraint(&before.table, name, can)?;
            Ok(format!("DROP CONSTRAINT {}", quote(name)))
        }
        Action::RenameColumn { .. } | Action::RenameTable { .. } => Err("a rename stands alone"),
        Action::RenameConstraint { .. } => Err("SQLite renames no constraint"),
        Action::SetDefault { .. } | Action::DropDefault { .. } => Err("SQLite changes no default"),
        Action::SetType { .. } => Err("SQLite changes no type"),
        Action::SetGenerated { .. } | Action::DropExpression { .. } => {
            Err("SQLite changes no generated column")
        }
        Action::MoveColumn { .. } => Err("SQLite moves no column"),
        Action::SetOption(_) => Err("SQLite changes no table option"),
    }
}

fn since(can: Capabilities, version: u32, else_why: &'static str) -> Result<(), &'static str> {
    if can.version >= version { Ok(()) } else { Err(else_why) }
}

/// <https://sqlite.org/lang_altertable.html#alter_table_add_column>: "The column may not have a
/// PRIMARY KEY or UNIQUE constraint. The column may not have a default value of CURRENT_TIME,
/// CURRENT_DATE, CURRENT_TIMESTAMP, or an expression in parentheses. If a NOT NULL constraint is
/// specified, then the column must have a default value other than NULL. … may not be GENERATED
/// ALWAYS … STORED."
fn add_column(table: &TableDef, column: &ColumnDef, can: Capabilities) -> Result<(), &'static str> {
    let has = |wanted: fn(&ColumnRule) -> bool| column.constraints.iter().any(|c| wanted(&c.rule));
    if has(|rule| matches!(rule, ColumnRule::PrimaryKey { .. } | ColumnRule::Unique)) {
        return Err("SQLite adds no column that is UNIQUE or PRIMARY KEY");
    }
    if is_rowid(&column.name) {
        return Err("SQLite adds no column that is named like the rowid");
    }
    let check = has(|rule| matches!(rule, ColumnRule::Check(_)));
    if let Some((_, stored)) = column.generated() {
        if stored {
            return Err("SQLite adds no STORED column");
        }
        return since(can, 3_038_000, "SQLite verifies added generated columns since 3.38");
    }
    let default = column.default().map_or("NULL", |span| table.text(span));
    if default.starts_with('(') || default.to_ascii_uppercase().starts_with("CURRENT_") {
        return Err("SQLite adds no column whose default is not a constant");
    }
    if column.is_not_null() && default.eq_ignore_ascii_case("NULL") {
        return Err("SQLite adds no NOT NULL column without a default");
    }
    if check {
        since(can, 3_038_000, "SQLite verifies the CHECK of an added column since 3.38")?;
    }
    if table.options.strict && column.default().is_some() {
        since(can, 3_044_000, "SQLite verifies an added default in a STRICT table since 3.44")?;
    }
    Ok(())
}

/// Whether SQLite has the name for the rowid, too.
fn is_rowid(name: &str) -> bool {
    ["rowid", "_rowid_", "oid"].iter().any(|own| same_name(own, name))
}

fn drop_column(name: &str, before: &Draft, after: &Draft, can: Capabilities) -> Result<(), &'static str> {
    // The change log of 3.35.5 admits that DROP COLUMN corrupted before: https://sqlite.org/releaselog/3_35_5.html
    since(can, 3_035_005, "SQLite drops columns rightly since 3.35.5")?;
    if is_rowid(name) {
        return Err("SQLite takes a column of this name for the rowid");
    }
    if !can.sound {
        return Err(
            "SQLite's DROP COLUMN fails on a broken view or trigger, and rewrites 'text' in double quotes",
        );
    }
    let along = before.indexes.len() != after.indexes.len()
        || before.triggers.len() != after.triggers.len()
        || before.table.constraints.len() != after.table.constraints.len();
    if along {
        return Err("SQLite drops nothing along with the column");
    }
    let unique =
        before.table.column(name).is_some_and(|c| c.constraints.iter().any(|c| c.rule == ColumnRule::Unique));
    if unique {
        return Err("SQLite drops no UNIQUE column");
    }
    // A column that this very batch has added may not be there yet.
    match before.table.position(name).map(|at| &before.sources[at]) {
        Some(Source::Column(_)) => Ok(()),
        _ => Err("the column is one that this batch has changed"),
    }
}

fn drop_not_null(table: &TableDef, name: &str) -> Result<(), &'static str> {
    let Some(column) = table.column(name) else { return Err("the column is not there") };
    let count = |rule: &ColumnRule| column.constraints.iter().filter(|c| c.rule == *rule).count();
    if count(&ColumnRule::NotNull) != 1 || count(&ColumnRule::Null) != 0 {
        return Err("the column says more than one NOT NULL");
    }
    let strict_key = table.options.strict || table.options.without_rowid;
    if strict_key && table.primary_key().iter().any(|key| same_name(key, name)) {
        return Err("the column stays NOT NULL through its key");
    }
    Ok(())
}

fn drop_constraint(table: &TableDef, name: &str, can: Capabilities) -> Result<(), &'static str> {
    let own = |own: &Option<String>| own.as_ref().is_some_and(|own| same_name(own, name));
    let columns = table.columns.iter().flat_map(|column| &column.constraints).filter(|c| own(&c.name));
    let rules: Vec<&ColumnRule> = columns.clone().map(|c| &c.rule).collect();
    if columns.into_iter().any(|c| crate::schema::mentions(table.text(&c.span), "DEFERRABLE")) {
        return Err("SQLite leaves DEFERRABLE of a column's foreign key behind");
    }
    let table_rules: Vec<&TableRule> =
        table.constraints.iter().filter(|c| own(&c.name)).map(|c| &c.rule).collect();
    match (&rules[..], &table_rules[..]) {
        ([ColumnRule::Check(_)], []) | ([], [TableRule::Check(_)]) => {
            since(can, 3_053_000, "SQLite drops a CHECK since 3.53")
        }
        ([ColumnRule::References(_)], []) | ([], [TableRule::ForeignKey { .. }]) => {
            since(can, 3_054_000, "SQLite drops a foreign key since 3.54")
        }
        _ => Err("SQLite drops no constraint of this kind"),
    }
}
