//! The in-place way: the `CREATE` text in `sqlite_schema` is edited, after queries that prove that
//! every stored row means the same under the new text.
//!
//! SQLite documents it for changes "that do not affect the on-disk content in any way"
//! (<https://sqlite.org/lang_altertable.html#otheralter>). What does affect it, although it does not
//! look so, is asked for by a [`Condition`]; where one is not met the table is rebuilt.

use super::action::{Action, ConstraintRef, TableOption};
use super::choose::Capabilities;
use super::convert::{self, Conversion};
use super::draft::{Draft, Source};
use super::table_state::TableState;
use super::unique::own_indexes;
use crate::schema::{ColumnDef, ColumnRule, TableConstraint, TableRule};
use crate::sql::{literal, quote, same_name};

/// A batch that is done in place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InPlace {
    /// In order.
    pub steps: Vec<Step>,
    /// What must be so before the first step, or the table has to be rebuilt.
    pub conditions: Vec<Condition>,
    /// The indexes have to be built anew.
    pub reindex: bool,
    /// The rows have to be checked against the new text.
    pub verify: bool,
    /// Why SQLite's own `ALTER TABLE` does not do it.
    pub why: String,
}

/// One step of a batch that is done in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A statement.
    Statement(String),
    /// The table's text becomes this one.
    Edit(String),
    /// Values are written anew, as the new type has them.
    Convert(Conversion),
}

/// What the stored rows must be like for an edit to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The query answers no row.
    NoRow {
        /// The query.
        query: String,
        /// Why the table is rebuilt if it answers one.
        otherwise: String,
    },
    /// Every row stores the column. `ALTER TABLE … ADD COLUMN` writes no row: those that were there
    /// are short, and read the DEFAULT of the text at the time.
    FullRows {
        /// The column.
        column: String,
    },
}

/// What one action needs to be done in place.
#[derive(Debug, Default)]
pub(super) struct Needs {
    pub conditions: Vec<Condition>,
    /// Statements before the edit.
    pub first: Vec<String>,
    /// After the edit.
    pub conversion: Option<Conversion>,
    pub reindex: bool,
    pub verify: bool,
}

impl InPlace {
    pub(super) fn edit(&mut self, needs: Needs, text: &str, why: String) {
        if self.why.is_empty() {
            self.why = why;
        }
        self.conditions.extend(needs.conditions);
        self.steps.extend(needs.first.into_iter().map(Step::Statement));
        if let Some(Step::Edit(_)) = self.steps.last() {
            self.steps.pop();
        }
        self.steps.push(Step::Edit(text.to_owned()));
        self.steps.extend(needs.conversion.map(Step::Convert));
        self.reindex |= needs.reindex;
        self.verify |= needs.verify;
    }

    pub(super) fn statement(&mut self, sql: String) {
        self.steps.push(Step::Statement(sql));
    }

    /// The statements, if SQLite's own are all there is.
    pub(super) fn native(&self) -> Option<Vec<String>> {
        let statements = self.steps.iter().map(|step| match step {
            Step::Statement(sql) => Some(sql.clone()),
            Step::Edit(_) | Step::Convert(_) => None,
        });
        statements.collect()
    }

    /// Completes the batch: no trigger sees a value converted, and the text is the draft's in the end.
    pub(super) fn finish(mut self, state: &TableState, draft: &Draft) -> InPlace {
        if self.steps.iter().any(|step| matches!(step, Step::Convert(_))) {
            let drops = state.triggers.iter().map(|trigger| trigger.drop()).map(Step::Statement);
            self.steps.splice(0..0, drops);
        }
        if self.steps.iter().rfind(|step| matches!(step, Step::Statement(_) | Step::Edit(_)))
            != Some(&Step::Edit(draft.table.sql.clone()))
        {
            self.steps.push(Step::Edit(draft.table.sql.clone()));
        }
        self
    }

    /// Whether triggers were dropped and have to be created anew.
    pub fn converts(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Convert(_)))
    }
}

/// What the action needs to be done in place, or why it cannot be.
pub(super) fn in_place(
    action: &Action,
    state: &TableState,
    before: &Draft,
    after: &Draft,
    can: Capabilities,
) -> Result<Needs, String> {
    if !can.edit {
        return Err("the connection lets nobody edit sqlite_schema".into());
    }
    let needs = match action {
        Action::AddColumn { column, .. } => add_column(after, column)?,
        Action::DropColumn { column, .. } => drop_column(before, after, column)?,
        Action::SetNotNull { column, .. } => {
            stored(before, column)?;
            Needs { verify: true, ..Needs::default() }
        }
        Action::DropNotNull { column } => {
            stored(before, column)?;
            Needs::default()
        }
        Action::SetDefault { column, .. } | Action::DropDefault { column } => {
            stored(before, column)?;
            Needs { conditions: vec![Condition::FullRows { column: column.clone() }], ..Needs::default() }
        }
        Action::SetType { column, using, .. } => {
            kept(before, column)?;
            convert::set_type(column, using.as_deref(), state, before, after)?
        }
        Action::SetGenerated { column, .. } => set_generated(before, after, column)?,
        Action::DropExpression { column } => match generated(before, column) {
            // The record holds the values already.
            Some(true) => Needs::default(),
            _ => return Err("the values of a VIRTUAL column are not stored".into()),
        },
        Action::MoveColumn { column, .. } => match generated(before, column) {
            Some(false) => Needs::default(),
            _ => return Err("the record keeps its columns in order".into()),
        },
        Action::RenameConstraint { .. } => Needs::default(),
        Action::AddConstraint { .. } => add_constraint(after)?,
        Action::DropConstraint { constraint, .. } => drop_constraint(before, constraint)?,
        Action::SetOption(option) => set_option(*option, state, before, after, can)?,
        Action::RenameColumn { .. } | Action::RenameTable { .. } => {
            return Err("a rename reaches beyond the table".into());
        }
    };
    if own_indexes(&before.table) != own_indexes(&after.table) {
        // They stand in sqlite_schema by these numbers: each would be taken for another.
        return Err("SQLite would number the indexes of the constraints otherwise".into());
    }
    Ok(needs)
}

/// `STORED` or not, for a generated column.
fn generated(draft: &Draft, column: &str) -> Option<bool> {
    draft.table.column(column).and_then(|column| column.generated()).map(|(_, stored)| stored)
}

/// The column's values are those of the old table, converted at most: NULLs are where they were.
fn stored(draft: &Draft, column: &str) -> Result<(), String> {
    match draft.table.position(column).map(|at| &draft.sources[at]) {
        Some(Source::Column(_) | Source::Converted(_)) => Ok(()),
        _ => Err("this batch gives the column its values".into()),
    }
}

/// The column's values are those of the old table.
fn kept(draft: &Draft, column: &str) -> Result<(), String> {
    match draft.table.position(column).map(|at| &draft.sources[at]) {
        Some(Source::Column(_)) => Ok(()),
        _ => Err("this batch gives the column its values".into()),
    }
}

fn add_column(after: &Draft, column: &str) -> Result<Needs, String> {
    let added = after.table.column(column).ok_or("the column is not there")?;
    let free = added
        .constraints
        .iter()
        .all(|c| matches!(c.rule, ColumnRule::Generated { .. } | ColumnRule::Collate(_) | ColumnRule::Bare));
    match generated(after, column) {
        // "VIRTUAL columns … are computed when read": the record has no place for them.
        // https://sqlite.org/gencol.html#virtual_versus_stored_columns
        Some(false) if free && !after.table.options.strict => Ok(Needs::default()),
        Some(false) => Err("the rows have to be checked against the rules of the new column".into()),
        _ => Err("the record has no place for the column".into()),
    }
}

fn drop_column(before: &Draft, after: &Draft, column: &str) -> Result<Needs, String> {
    let alone = before.indexes.len() == after.indexes.len() && before.triggers.len() == after.triggers.len();
    match generated(before, column) {
        Some(false) if alone && !indexed(before, column) => Ok(Needs::default()),
        Some(false) => Err("an index goes with the column".into()),
        _ => Err("the record stores the column".into()),
    }
}

fn set_generated(before: &Draft, after: &Draft, column: &str) -> Result<Needs, String> {
    if generated(before, column) != Some(false) || generated(after, column) != Some(false) {
        return Err("values that are stored have to be written".into());
    }
    if after.table.options.strict {
        // `quick_check` does not look at what is computed.
        return Err("the values have to be checked against the type".into());
    }
    if convert::stored_from(before, column) || convert::in_foreign_key(before, column) {
        return Err("stored values depend on the column".into());
    }
    Ok(Needs { reindex: true, verify: true, ..Needs::default() })
}

fn add_constraint(after: &Draft) -> Result<Needs, String> {
    match after.table.constraints.last() {
        Some(TableConstraint { rule: TableRule::Check(_), .. }) => {
            Ok(Needs { verify: true, ..Needs::default() })
        }
        // Its rows are checked by `foreign_key_check`, as after every change of a key.
        Some(TableConstraint { rule: TableRule::ForeignKey { .. }, .. }) => Ok(Needs::default()),
        _ => Err("the constraint keeps an index of its own".into()),
    }
}

fn drop_constraint(before: &Draft, constraint: &ConstraintRef) -> Result<Needs, String> {
    let table = &before.table;
    let free = match constraint {
        ConstraintRef::Check(_) | ConstraintRef::ForeignKey(_) => true,
        ConstraintRef::Unique(_) | ConstraintRef::PrimaryKey => false,
        ConstraintRef::Named(name) => {
            let own = |own: &Option<String>| own.as_ref().is_some_and(|own| same_name(own, name));
            let of_columns = table.columns.iter().flat_map(|column| &column.constraints);
            of_columns.filter(|c| own(&c.name)).all(|c| {
                !matches!(
                    c.rule,
                    ColumnRule::Unique
                        | ColumnRule::PrimaryKey { .. }
                        | ColumnRule::Collate(_)
                        | ColumnRule::Default(_)
                        | ColumnRule::Generated { .. }
                )
            }) && table
                .constraints
                .iter()
                .filter(|c| own(&c.name))
                .all(|c| !matches!(c.rule, TableRule::Unique(_) | TableRule::PrimaryKey { .. }))
        }
    };
    if free { Ok(Needs::default()) } else { Err("the constraint keeps an index of its own".into()) }
}

fn set_option(
    option: TableOption,
    state: &TableState,
    before: &Draft,
    after: &Draft,
    can: Capabilities,
) -> Result<Needs, String> {
    let table = state.qualified();
    match option {
        TableOption::WithoutRowid(_) => Err("rows are stored in another way".into()),
        TableOption::Strict(on) => {
            if on && can.version < 3_037_000 {
                return Err("STRICT needs SQLite 3.37".into());
            }
            if before.sources.iter().any(|source| !matches!(source, Source::Column(_))) {
                return Err("this batch converts values".into());
            }
            let same = before.table.columns.iter().zip(&after.table.columns);
            if !same.clone().all(|(old, new)| before.table.affinity(old) == after.table.affinity(new)) {
                return Err("ANY converts nothing in a STRICT table, and text to numbers in another".into());
            }
            let computed = |c: &ColumnDef| c.generated().is_some_and(|(_, stored)| !stored);
            if on && after.table.columns.iter().any(computed) {
                // `quick_check` does not look at what is computed.
                return Err("values of a VIRTUAL column have to be checked against its type".into());
            }
            // "Columns that are part of the PRIMARY KEY are implicitly NOT NULL":
            // https://sqlite.org/stricttables.html
            let key =
                if after.table.rowid_alias().is_none() { after.table.primary_key() } else { Vec::new() };
            let conditions = key.iter().map(|column| Condition::NoRow {
                query: format!("SELECT 1 FROM {table} NOT INDEXED WHERE {} IS NULL LIMIT 1", quote(column)),
                otherwise: format!("key column {column} is NULL in a row"),
            });
            Ok(Needs { conditions: conditions.collect(), verify: on, ..Needs::default() })
        }
        TableOption::Autoincrement(true) => {
            let scratch =
                format!("{}.{}", quote(&state.schema), quote(&state.unused_name("limbeck_scratch")));
            let sequence = format!("{}.sqlite_sequence", quote(&state.schema));
            let name = literal(&state.table.name);
            let key = state.table.rowid_name().unwrap_or("rowid");
            Ok(Needs {
                // "SQLite … creates the sqlite_sequence table automatically when a normal table that
                // contains an AUTOINCREMENT column is created" (https://sqlite.org/autoinc.html),
                // and keeps it.
                first: vec![
                    format!("CREATE TABLE {scratch}(id INTEGER PRIMARY KEY AUTOINCREMENT)"),
                    format!("DROP TABLE {scratch}"),
                    format!("DELETE FROM {sequence} WHERE name = {name} COLLATE NOCASE"),
                    format!(
                        "INSERT INTO {sequence}(name, seq) SELECT {name}, coalesce(max({key}), 0) FROM {table}"
                    ),
                ],
                ..Needs::default()
            })
        }
        TableOption::Autoincrement(false) => {
            let name = literal(&state.table.name);
            let sequence = format!("{}.sqlite_sequence", quote(&state.schema));
            Ok(Needs {
                first: vec![format!("DELETE FROM {sequence} WHERE name = {name} COLLATE NOCASE")],
                ..Needs::default()
            })
        }
    }
}

/// Whether an index, a key's own included, holds the column.
pub(super) fn indexed(draft: &Draft, column: &str) -> bool {
    let table = &draft.table;
    draft.indexes.iter().any(|index| index.mentions(column))
        || table.column(column).is_some_and(|c| {
            c.constraints.iter().any(|c| matches!(c.rule, ColumnRule::Unique | ColumnRule::PrimaryKey { .. }))
        })
        || table.constraints.iter().any(|c| {
            matches!(c.rule, TableRule::Unique(_) | TableRule::PrimaryKey { .. })
                && c.columns().iter().any(|name| same_name(name, column))
        })
}
