//! The rules that a batch adds, as queries for the rows that break them: asked before the first
//! write, so that a refusal comes with its rows.

use super::action::Action;
use super::draft::{Draft, Source};
use super::table_state::TableState;
use crate::schema::{IndexedColumn, TableDef, TableRule};
use crate::sql::quote;

/// A rule that the table's rows must obey from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// As SQL: `phone NOT NULL`.
    pub text: String,
    /// Answers how many rows break it.
    pub count: String,
    /// Answers the keys of the first of them, as SQL literals.
    pub keys: String,
    /// What to do about them.
    pub hint: String,
}

/// The rules that `actions` add. `draft` is the definition that they have made.
pub fn new_rules(state: &TableState, draft: &Draft, actions: &[Action]) -> Vec<Rule> {
    actions.iter().filter_map(|action| rule(state, draft, action)).collect()
}

fn rule(state: &TableState, draft: &Draft, action: &Action) -> Option<Rule> {
    match action {
        Action::SetNotNull { column, .. } => {
            let value = value(draft, column)?;
            let hint = format!(
                "give them a value first: UPDATE {} SET {} = …",
                quote(&state.table.name),
                quote(column)
            );
            Some(broken_where(state, format!("{column} NOT NULL"), &format!("{value} IS NULL"), hint))
        }
        Action::AddColumn { column, .. } => {
            let added = draft.table.column(column)?;
            let default = added.default().map_or("NULL", |span| draft.table.text(span));
            let fresh = matches!(draft.sources[draft.table.position(column)?], Source::Default);
            let empty = default.eq_ignore_ascii_case("NULL") && added.generated().is_none();
            let hint =
                "give the column a DEFAULT, or add it without NOT NULL, fill it, and set NOT NULL then";
            (fresh && empty && added.is_not_null())
                .then(|| broken_where(state, format!("{column} NOT NULL"), "1", hint.to_owned()))
        }
        Action::AddConstraint { .. } => {
            let constraint = draft.table.constraints.iter().rev().find(|c| {
                matches!(action, Action::AddConstraint { definition, .. } if crate::sql::same_text(draft.table.text(&c.span), definition))
            })?;
            match &constraint.rule {
                TableRule::Check(span) => {
                    let expression = draft.table.text(span);
                    uses_old_values(draft, expression).then(|| {
                        let text = draft.table.text(&constraint.span).to_owned();
                        broken_where(
                            state,
                            text,
                            &format!("NOT {expression}"),
                            "change those rows first".to_owned(),
                        )
                    })
                }
                TableRule::Unique(columns) | TableRule::PrimaryKey { columns, .. } => {
                    let values: Option<Vec<String>> =
                        columns.iter().map(|column| keyed(draft, column)).collect();
                    Some(duplicates(state, draft.table.text(&constraint.span).to_owned(), &values?))
                }
                TableRule::ForeignKey { .. } | TableRule::Bare => None,
            }
        }
        Action::DropColumn { .. }
        | Action::RenameColumn { .. }
        | Action::RenameConstraint { .. }
        | Action::RenameTable { .. }
        | Action::DropNotNull { .. }
        | Action::SetDefault { .. }
        | Action::DropDefault { .. }
        | Action::SetType { .. }
        | Action::SetGenerated { .. }
        | Action::DropExpression { .. }
        | Action::MoveColumn { .. }
        | Action::DropConstraint { .. }
        | Action::SetOption(_) => None,
    }
}

/// A column's value-to-be over the old table; none for a column that is new.
fn value(draft: &Draft, column: &str) -> Option<String> {
    match &draft.sources[draft.table.position(column)?] {
        Source::Column(from) | Source::Converted(from) => Some(quote(from)),
        Source::Expression(expression) => Some(format!("({expression})")),
        Source::Default => None,
    }
}

/// A column of a key, with the collation that the key names.
fn keyed(draft: &Draft, column: &IndexedColumn) -> Option<String> {
    let collation = column.collation.as_ref().map(|name| format!(" COLLATE {}", quote(name)));
    Some(format!("{}{}", value(draft, &column.name)?, collation.unwrap_or_default()))
}

/// Whether an expression uses only columns whose values stay what they are.
fn uses_old_values(draft: &Draft, expression: &str) -> bool {
    draft.table.columns.iter().zip(&draft.sources).all(|(column, source)| {
        matches!(source, Source::Column(_)) || !crate::schema::mentions(expression, &column.name)
    })
}

fn broken_where(state: &TableState, text: String, condition: &str, hint: String) -> Rule {
    let table = format!("{}.{}", quote(&state.schema), quote(&state.table.name));
    Rule {
        text,
        count: format!("SELECT count(*) FROM {table} NOT INDEXED WHERE {condition}"),
        keys: format!("SELECT {} FROM {table} NOT INDEXED WHERE {condition} LIMIT 5", key(&state.table)),
        hint,
    }
}

fn duplicates(state: &TableState, text: String, values: &[String]) -> Rule {
    let table = format!("{}.{}", quote(&state.schema), quote(&state.table.name));
    let list = values.join(", ");
    let known: Vec<String> = values.iter().map(|value| format!("{value} IS NOT NULL")).collect();
    let same = format!("FROM {table} WHERE {} GROUP BY {list} HAVING count(*) > 1", known.join(" AND "));
    Rule {
        text,
        count: format!("SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n {same})"),
        keys: format!(
            "SELECT {} FROM {table} WHERE ({list}) IN (SELECT {list} {same}) LIMIT 5",
            key(&state.table)
        ),
        hint: "make those rows differ, or delete what is double".to_owned(),
    }
}

/// The rowid or the primary key of a row, as SQL literals.
fn key(table: &TableDef) -> String {
    match table.rowid_name() {
        Some(rowid) => format!("quote({rowid})"),
        None => {
            let columns = table.primary_key();
            let quoted: Vec<String> =
                columns.iter().map(|column| format!("quote({})", quote(column))).collect();
            if quoted.is_empty() { "'?'".to_owned() } else { quoted.join(" || ', ' || ") }
        }
    }
}
