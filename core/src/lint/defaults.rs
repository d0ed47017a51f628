//! `lint.non_constant_default`

use super::{Findings, Rule};
use crate::alter::Action;
use crate::reading::Reading;
use crate::schema::TableDef;
use crate::sql::{TokenType as T, is_name, tokens};

pub(super) fn look(reading: &Reading<'_>, findings: &mut Findings) {
    for side in reading.sides() {
        for (statement, alteration, action) in side.actions() {
            let Action::AddColumn { column, definition, .. } = action else { continue };
            let Some(value) = not_constant(definition).filter(|_| !side.makes(&alteration.table)) else {
                continue;
            };
            findings.at(
                Rule::NonConstantDefault,
                (reading.script, side, statement),
                Some(column),
                format!(
                    "{}.{column} is added with the default {value}, which is not constant",
                    alteration.table
                ),
                format!(
                    "add it without a DEFAULT, UPDATE the old rows to what is true of them, then \
                     ALTER {column} SET DEFAULT {value}"
                ),
            );
        }
    }
}

/// The default of a column's definition, where SQLite takes it for one that is not constant.
fn not_constant(definition: &str) -> Option<String> {
    let table = TableDef::parse(&format!("CREATE TABLE t({definition}\n)")).ok()?;
    let value = table.text(table.columns.first()?.default()?).to_owned();
    let clock = |word: &str| {
        ["CURRENT_TIME", "CURRENT_DATE", "CURRENT_TIMESTAMP"]
            .iter()
            .any(|name| name.eq_ignore_ascii_case(word))
    };
    // A constant in parentheses costs a copy too, but says the same for every row.
    let all = tokens(&value).ok()?;
    let changes = all.iter().enumerate().any(|(at, token)| {
        let called = is_name(token) && all.get(at + 1).is_some_and(|next| next.kind == T::TK_LP);
        clock(token.text) || (called && !STEADY.iter().any(|name| token.is_word(name)))
    });
    changes.then_some(value)
}

/// Functions whose answer depends on their arguments alone.
const STEADY: [&str; 14] = [
    "json",
    "json_array",
    "json_object",
    "jsonb",
    "jsonb_array",
    "jsonb_object",
    "lower",
    "upper",
    "abs",
    "char",
    "hex",
    "unhex",
    "zeroblob",
    "printf",
];
