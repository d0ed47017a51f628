//! Whether two definitions say the same: case, quotes, layout, comments and the order of a
//! column's constraints aside.

use super::values::default_expression;
use crate::schema::{ColumnConstraint, ColumnDef, ColumnRule, TableDef};
use crate::sql::{TokenType as T, same_name, same_text, tokens, unquote};

/// Whether a column of `table` is defined as that of another table is.
pub(super) fn same_column(table: &TableDef, a: &ColumnDef, other: &TableDef, b: &ColumnDef) -> bool {
    // `NULL` and a name that nothing follows demand nothing.
    let rules = |column: &ColumnDef| -> Vec<ColumnConstraint> {
        let all = column.constraints.iter();
        all.filter(|c| !matches!(c.rule, ColumnRule::Null | ColumnRule::Bare)).cloned().collect()
    };
    let (mine, mut theirs) = (rules(a), rules(b));
    let each_found = mine.iter().all(|mine| {
        let found = theirs.iter().position(|theirs| same_rule(table, mine, other, theirs));
        found.map(|at| theirs.remove(at)).is_some()
    });
    same_name(&a.name, &b.name)
        && same_text(table.type_name(a), other.type_name(b))
        && each_found
        && theirs.is_empty()
}

fn same_rule(table: &TableDef, a: &ColumnConstraint, other: &TableDef, b: &ColumnConstraint) -> bool {
    let names = match (&a.name, &b.name) {
        (Some(a), Some(b)) => same_name(a, b),
        (a, b) => a.is_none() && b.is_none(),
    };
    let rules = match (&a.rule, &b.rule) {
        (ColumnRule::Check(a), ColumnRule::Check(b)) => same_expression(table, table.text(a), other.text(b)),
        (
            ColumnRule::Generated { expression: a, stored },
            ColumnRule::Generated { expression: b, stored: other_stored },
        ) => stored == other_stored && same_expression(table, table.text(a), other.text(b)),
        (ColumnRule::Default(a), ColumnRule::Default(b)) => {
            same_expression(table, &default_expression(table.text(a)), &default_expression(other.text(b)))
        }
        (ColumnRule::Collate(a), ColumnRule::Collate(b)) => {
            same_name(&unquote(table.text(a)), &unquote(other.text(b)))
        }
        _ => same_text(unnamed(table.text(&a.span)), unnamed(other.text(&b.span))),
    };
    names && rules
}

/// Whether two expressions over a table are the same. What stands in double quotes and names no
/// column is a string, where case counts: <https://sqlite.org/quirks.html#dblquote>.
pub(super) fn same_expression(table: &TableDef, a: &str, b: &str) -> bool {
    let (Ok(left), Ok(right)) = (tokens(a), tokens(b)) else { return false };
    same_text(a, b)
        && left.iter().zip(&right).all(|(a, b)| {
            let strings = a.text.starts_with('"') && b.text.starts_with('"');
            !strings || a.text == b.text || table.column(&unquote(a.text)).is_some()
        })
}

/// A constraint without the `CONSTRAINT name` before it.
pub(super) fn unnamed(text: &str) -> &str {
    match tokens(text).unwrap_or_default()[..] {
        [constraint, _, rule, ..] if constraint.kind == T::TK_CONSTRAINT => &text[rule.start..],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_compared_by_what_they_say() {
        for (a, b, want) in [
            ("a INT", "\"A\"   int -- x", true),
            ("a INT NOT NULL DEFAULT 5", "a INT DEFAULT 5 NOT NULL", true),
            ("a INT NULL", "a INT", true),
            ("a DEFAULT x", "a DEFAULT 'x'", true),
            ("a DEFAULT x", "a DEFAULT X", false),
            ("a DEFAULT \"x\"", "a DEFAULT \"X\"", false),
            ("a DEFAULT 'x'", "a DEFAULT 'X'", false),
            ("a DEFAULT 1", "a DEFAULT true", true),
            ("a DEFAULT NULL", "a DEFAULT 'null'", false),
            ("a CHECK (a > 0)", "a CHECK (\"A\" > 0)", true),
            ("a CHECK (\"a\" > 0)", "a CHECK (\"A\" > 0)", true),
            ("a CHECK (a <> \"x\")", "a CHECK (a <> \"X\")", false),
            ("a CHECK (a <> \"x\")", "a CHECK (a <> 'x')", false),
            ("a CHECK (a IS null)", "a CHECK (a IS \"null\")", false),
            ("a CHECK (a)", "a CONSTRAINT k CHECK (a)", false),
            ("a CONSTRAINT K UNIQUE", "a CONSTRAINT \"k\" UNIQUE", true),
            ("a AS (b)", "a GENERATED ALWAYS AS (b) VIRTUAL", true),
            ("a AS (b)", "a AS (b) STORED", false),
            ("a COLLATE nocase", "a COLLATE \"NOCASE\"", true),
            ("a REFERENCES p(x)", "a REFERENCES \"P\"(\"X\")", true),
            ("a REFERENCES p(x)", "a REFERENCES p(x) ON DELETE CASCADE", false),
            ("a INT", "a INTEGER", false),
            ("a", "a UNIQUE", false),
            ("a UNIQUE UNIQUE", "a UNIQUE", false),
        ] {
            let table = |column: &str| TableDef::parse(&format!("CREATE TABLE t({column}\n, b)")).unwrap();
            let (left, right) = (table(a), table(b));
            for (one, two) in [(&left, &right), (&right, &left)] {
                assert_eq!(same_column(one, &one.columns[0], two, &two.columns[0]), want, "{a} / {b}");
            }
        }
    }
}
