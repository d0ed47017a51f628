//! Which actions of a batch wait for the ones before them. All rows are written once, from what they
//! were: an action that reads values which an earlier one writes has to wait until they are.

use super::action::Action;
use crate::schema::{TableDef, mentions};
use crate::sql::same_name;

/// How many of the actions, from the first on, can be done in one go.
pub fn independent(table: &TableDef, actions: &[Action]) -> usize {
    let waits = |at: usize| {
        let action = &actions[at];
        actions[..at].iter().any(|earlier| {
            // What a CASCADE drops is found by what breaks: nothing else may be the reason.
            let apart = (cascades(action) && may_break(earlier)) || (cascades(earlier) && may_break(action));
            apart || reads(table, action, earlier)
        })
    };
    (1..actions.len()).find(|&at| waits(at)).unwrap_or(actions.len())
}

fn cascades(action: &Action) -> bool {
    matches!(action, Action::DropColumn { cascade: true, .. })
}

/// Whether a view or trigger may no longer compile after it. A CASCADE is not meant.
fn may_break(action: &Action) -> bool {
    match action {
        Action::DropColumn { cascade, .. } => !cascade,
        Action::AddColumn { .. }
        | Action::RenameColumn { .. }
        | Action::RenameTable { .. }
        | Action::SetGenerated { .. }
        | Action::DropConstraint { .. }
        | Action::SetOption(_) => true,
        Action::RenameConstraint { .. }
        | Action::SetNotNull { .. }
        | Action::DropNotNull { .. }
        | Action::SetDefault { .. }
        | Action::DropDefault { .. }
        | Action::SetType { .. }
        | Action::DropExpression { .. }
        | Action::MoveColumn { .. }
        | Action::AddConstraint { .. } => false,
    }
}

/// Whether an action needs values that `earlier` changes: most look at definitions only.
fn reads(table: &TableDef, action: &Action, earlier: &Action) -> bool {
    let Some(written) = written(earlier) else { return false };
    match action {
        Action::SetType { using: Some(expression), .. } => uses(table, expression, written, &mut Vec::new()),
        Action::DropExpression { column } => {
            let expression =
                table.column(column).and_then(|c| c.generated()).map(|(span, _)| table.text(span));
            same_name(column, written)
                || expression.is_some_and(|text| uses(table, text, written, &mut Vec::new()))
        }
        Action::SetType { using: None, .. }
        | Action::AddColumn { .. }
        | Action::DropColumn { .. }
        | Action::RenameColumn { .. }
        | Action::RenameConstraint { .. }
        | Action::RenameTable { .. }
        | Action::SetNotNull { .. }
        | Action::DropNotNull { .. }
        | Action::SetDefault { .. }
        | Action::DropDefault { .. }
        | Action::SetGenerated { .. }
        | Action::MoveColumn { .. }
        | Action::AddConstraint { .. }
        | Action::DropConstraint { .. }
        | Action::SetOption(_) => false,
    }
}

/// The column whose values an action writes.
fn written(action: &Action) -> Option<&str> {
    match action {
        Action::AddColumn { column, .. }
        | Action::SetType { column, .. }
        | Action::SetGenerated { column, .. } => Some(column),
        Action::DropColumn { .. }
        | Action::RenameColumn { .. }
        | Action::RenameConstraint { .. }
        | Action::RenameTable { .. }
        | Action::SetNotNull { .. }
        | Action::DropNotNull { .. }
        | Action::SetDefault { .. }
        | Action::DropDefault { .. }
        | Action::DropExpression { .. }
        | Action::MoveColumn { .. }
        | Action::AddConstraint { .. }
        | Action::DropConstraint { .. }
        | Action::SetOption(_) => None,
    }
}

/// Whether an expression uses a column, or one that is generated from it.
fn uses<'t>(table: &'t TableDef, expression: &str, column: &str, seen: &mut Vec<&'t str>) -> bool {
    mentions(expression, column)
        || table.columns.iter().any(|other| {
            let Some((span, _)) = other.generated() else { return false };
            if seen.contains(&other.name.as_str()) || !mentions(expression, &other.name) {
                return false;
            }
            seen.push(&other.name);
            uses(table, table.text(span), column, seen)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alter::Alteration;

    #[test]
    fn what_reads_waits() {
        let table = TableDef::parse("CREATE TABLE t(a, b, c AS (a + 1), d AS (c + 1), e AS (b))").unwrap();
        for (actions, want) in [
            ("ALTER a TYPE INT, ALTER b TYPE INT USING c", 1),
            ("ALTER a TYPE INT, ALTER b TYPE INT USING d", 1),
            ("ALTER a TYPE INT, ALTER d DROP EXPRESSION, ADD x", 1),
            (
                "ALTER a TYPE INT, ALTER e DROP EXPRESSION, ALTER c SET GENERATED (5), ALTER c DROP EXPRESSION",
                3,
            ),
            ("ADD x, ALTER a TYPE INT USING x", 1),
            ("ALTER a TYPE INT USING b, ALTER b TYPE INT USING e, ADD CHECK (a > 0)", 3),
            ("ADD x, DROP a", 2),
            ("ADD x", 1),
            ("DROP a CASCADE, DROP b CASCADE, DROP c", 2),
            ("DROP a, DROP b CASCADE", 1),
            ("ALTER a SET NOT NULL, DROP b CASCADE, ALTER a SET DEFAULT 1, ADD x", 3),
        ] {
            let read = Alteration::parse(&format!("ALTER TABLE t {actions}")).unwrap();
            assert_eq!(independent(&table, &read.actions), want, "{actions}");
        }
    }
}
