//! Which actions read values that an earlier action of the batch writes. All rows are written once,
//! from what they were: such an action has to wait until they are.

use super::action::Action;
use crate::schema::{TableDef, mentions};
use crate::sql::same_name;

/// How many of the actions, from the first on, can be done in one go.
pub fn independent(table: &TableDef, actions: &[Action]) -> usize {
    let waits = |at: usize| actions[..at].iter().any(|earlier| reads(table, &actions[at], earlier));
    (1..actions.len()).find(|&at| waits(at)).unwrap_or(actions.len())
}

/// Whether an action needs values that `earlier` changes: most look at definitions only.
fn reads(table: &TableDef, action: &Action, earlier: &Action) -> bool {
    let (Action::AddColumn { column: written, .. }
    | Action::SetType { column: written, .. }
    | Action::SetGenerated { column: written, .. }) = earlier
    else {
        return false;
    };
    match action {
        Action::SetType { using: Some(expression), .. } => uses(table, expression, written, &mut Vec::new()),
        Action::DropExpression { column } => {
            let expression =
                table.column(column).and_then(|c| c.generated()).map(|(span, _)| table.text(span));
            same_name(column, written)
                || expression.is_some_and(|text| uses(table, text, written, &mut Vec::new()))
        }
        _ => false,
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
        ] {
            let read = Alteration::parse(&format!("ALTER TABLE t {actions}")).unwrap();
            assert_eq!(independent(&table, &read.actions), want, "{actions}");
        }
    }
}
