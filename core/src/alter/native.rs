//! Which way an alteration goes: SQLite's own `ALTER TABLE` where that is provably enough, else a
//! rebuild. The way that edits the stored text in place belongs here, as a further [`Choice`].

use serde::{Deserialize, Serialize};

use super::action::{Action, ConstraintRef, Position};
use super::draft::{Draft, Source};
use super::table_state::TableState;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{ColumnDef, ColumnRule, TableConstraint, TableDef, TableRule};
use crate::sql::{quote, same_name};

/// Whether tables may be rebuilt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RebuildMode {
    /// Where nothing cheaper is provably right.
    #[default]
    Auto,
    /// Always, but for renames, which SQLite does itself.
    Always,
    /// Never: what needs one is refused.
    Never,
}

/// What the connection at hand can do.
#[derive(Debug, Clone, Copy)]
pub struct Capabilities {
    /// As `sqlite3_libversion_number()` has it: 3.45.1 is 3045001.
    pub version: u32,
    /// Every view and trigger compiles. SQLite's DROP COLUMN fails on any that does not.
    pub sound: bool,
    /// The caller's choice.
    pub rebuild: RebuildMode,
}

/// The way that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The table is already as it should be.
    Nothing,
    /// These statements, SQLite's own.
    Native(Vec<String>),
    /// A rebuild, and why nothing cheaper would do.
    Rebuild(String),
}

/// Applies a group of actions (see [`Alteration::groups`](super::Alteration::groups)) to the
/// definition and chooses the way.
///
/// Errors: the `alter.*` kinds; [`ErrorKind::RebuildRefused`] where a rebuild is needed and forbidden.
pub fn choose(state: &TableState, actions: &[Action], can: Capabilities) -> Result<(Draft, Choice)> {
    let mut draft = Draft::new(state);
    let mut statements = Vec::new();
    let mut why = (can.rebuild == RebuildMode::Always).then(|| "rebuild = always".to_owned());
    for action in actions {
        let before = draft.clone();
        draft.apply(action)?;
        if action.is_rename() {
            return Ok((draft, Choice::Native(rename(state, action))));
        }
        if why.is_some() || same(&before, &draft) {
            continue;
        }
        match native(action, &before, &draft, can) {
            Ok(body) => statements.push(format!("ALTER TABLE {} {body}", qualified(state))),
            Err(reason) => why = Some(format!("{action}: {reason}")),
        }
    }
    let choice = match why {
        Some(why) if can.rebuild == RebuildMode::Never => {
            return Err(Error::new(
                ErrorKind::RebuildRefused,
                format!("table {} would have to be rebuilt ({why}), and rebuild = never", state.table.name),
            )
            .with_hint("set rebuild = auto, or split the migration"));
        }
        Some(why) => Choice::Rebuild(why),
        None if statements.is_empty() => Choice::Nothing,
        None => Choice::Native(statements),
    };
    Ok((draft, choice))
}

fn qualified(state: &TableState) -> String {
    format!("{}.{}", quote(&state.schema), quote(&state.table.name))
}

fn same(before: &Draft, after: &Draft) -> bool {
    before.table.sql == after.table.sql && before.sources == after.sources
}

/// A rename, which SQLite carries through the whole schema.
fn rename(state: &TableState, action: &Action) -> Vec<String> {
    let table = qualified(state);
    match action {
        Action::RenameColumn { column, to } => {
            vec![format!("ALTER TABLE {table} RENAME COLUMN {} TO {}", quote(column), quote(to))]
        }
        Action::RenameTable { to } if *to == state.table.name => Vec::new(),
        // SQLite refuses `t` to `T`: "there is already another table or index with this name".
        Action::RenameTable { to } if same_name(to, &state.table.name) => {
            let between = quote(&state.unused_name("limbeck_rename"));
            let schema = quote(&state.schema);
            vec![
                format!("ALTER TABLE {table} RENAME TO {between}"),
                format!("ALTER TABLE {schema}.{between} RENAME TO {}", quote(to)),
            ]
        }
        Action::RenameTable { to } => vec![format!("ALTER TABLE {table} RENAME TO {}", quote(to))],
        other => unreachable!("{other} is no rename"),
    }
}

/// SQLite's own spelling of the action, or why SQLite cannot be trusted with it.
fn native(action: &Action, before: &Draft, after: &Draft, can: Capabilities) -> Result<String, &'static str> {
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
        return Err("SQLite drops no column while a view or trigger of the schema is broken");
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
    let rules: Vec<&ColumnRule> = columns.map(|c| &c.rule).collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alter::Alteration;

    fn state(sql: &str) -> TableState {
        TableState {
            schema: "main".into(),
            table: TableDef::parse(sql).unwrap(),
            indexes: Vec::new(),
            triggers: Vec::new(),
            children: Vec::new(),
            names: vec!["t".into()],
        }
    }

    fn way(table: &str, actions: &str, version: u32) -> String {
        let alteration = Alteration::parse(&format!("ALTER TABLE t {actions}")).unwrap();
        let can = Capabilities { version, sound: true, rebuild: RebuildMode::Auto };
        match choose(&state(table), &alteration.groups()[0], can) {
            Ok((_, Choice::Nothing)) => "nothing".into(),
            Ok((_, Choice::Native(statements))) => statements.join("; "),
            Ok((_, Choice::Rebuild(why))) => {
                format!("rebuild: {}", why.rsplit(": ").next().unwrap_or_default())
            }
            Err(error) => format!("{}: {error}", error.code()),
        }
    }

    #[test]
    fn the_cheapest_way_that_is_right() {
        let t =
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT NOT NULL, b UNIQUE, c CONSTRAINT k CHECK (c > 0))";
        for (actions, version, want) in [
            ("ADD d", 3_033_000, "ALTER TABLE main.t ADD COLUMN d"),
            ("ADD d NOT NULL DEFAULT 1", 3_033_000, "ALTER TABLE main.t ADD COLUMN d NOT NULL DEFAULT 1"),
            (
                "ADD d CHECK (d)",
                3_037_000,
                "rebuild: SQLite verifies the CHECK of an added column since 3.38",
            ),
            ("ADD d CHECK (d)", 3_038_000, "ALTER TABLE main.t ADD COLUMN d CHECK (d)"),
            ("ADD d UNIQUE", 3_054_000, "rebuild: SQLite adds no column that is UNIQUE or PRIMARY KEY"),
            (
                "ADD d DEFAULT CURRENT_DATE",
                3_054_000,
                "rebuild: SQLite adds no column whose default is not a constant",
            ),
            ("ADD d FIRST", 3_054_000, "rebuild: SQLite adds columns at the end only"),
            ("ADD d AFTER c", 3_054_000, "ALTER TABLE main.t ADD COLUMN d"),
            ("ADD IF NOT EXISTS a text not null", 3_054_000, "nothing"),
            ("DROP a", 3_035_004, "rebuild: SQLite drops columns rightly since 3.35.5"),
            ("DROP a", 3_035_005, "ALTER TABLE main.t DROP COLUMN a"),
            ("DROP b", 3_054_000, "rebuild: SQLite drops no UNIQUE column"),
            ("ALTER b SET NOT NULL", 3_052_000, "rebuild: SQLite sets NOT NULL since 3.53"),
            ("ALTER b SET NOT NULL", 3_053_000, "ALTER TABLE main.t ALTER COLUMN b SET NOT NULL"),
            ("ALTER a SET NOT NULL", 3_053_000, "nothing"),
            ("ADD CHECK (a)", 3_053_000, "rebuild: SQLite adds a CHECK rightly since 3.54"),
            ("ADD CHECK (a)", 3_054_000, "ALTER TABLE main.t ADD CHECK (a)"),
            ("DROP CONSTRAINT k", 3_053_000, "ALTER TABLE main.t DROP CONSTRAINT k"),
            ("ALTER a SET DEFAULT 1", 3_054_000, "rebuild: SQLite changes no default"),
            ("ADD d, ALTER a SET DEFAULT 1", 3_054_000, "rebuild: SQLite changes no default"),
            (
                "RENAME TO T",
                3_054_000,
                "ALTER TABLE main.t RENAME TO limbeck_rename; ALTER TABLE main.limbeck_rename RENAME TO T",
            ),
            ("RENAME a TO b", 3_054_000, "alter.already_exists: table t has a column b already"),
            ("DROP id", 3_054_000, "alter.still_needed: column id of t is needed by the primary key"),
        ] {
            assert_eq!(way(t, actions, version), want, "{actions}");
        }
    }
}
