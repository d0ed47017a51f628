//! `lint.type_change_without_using`

use super::moment::Moment;
use super::{Findings, Rule};
use crate::alter::{Action, TableOption};
use crate::deed::Deed;
use crate::schema::Affinity;
use crate::sql::quote;

pub(super) fn look(moment: &Moment<'_>, findings: &mut Findings) {
    for statement in moment.statements {
        let Deed::Alter(alteration) = &statement.deed else { continue };
        if moment.side.makes(&alteration.table) {
            continue;
        }
        let Some(table) = moment.table(&alteration.table) else { continue };
        let strict = alteration.actions.iter().rev().find_map(|action| match action {
            Action::SetOption(TableOption::Strict(on)) => Some(*on),
            _ => None,
        });
        let strict = strict.unwrap_or(table.options.strict);
        for action in &alteration.actions {
            let Action::SetType { column, type_name, using: None, .. } = action else { continue };
            let Some(old) = table.column(column) else { continue };
            let to = Affinity::of(type_name, strict);
            let Some(what) = converted(table.affinity(old), to) else { continue };
            let from = match table.type_name(old) {
                "" => "no type",
                name => name,
            };
            findings.at(
                Rule::TypeChangeWithoutUsing,
                (moment.script, moment.side, statement),
                Some(column),
                format!("{}.{column} changes from {from} to {type_name}: {what}", alteration.table),
                format!(
                    "say how each value is made: TYPE {type_name} USING CAST({} AS {type_name})",
                    quote(column)
                ),
            );
        }
    }
}

/// What the new affinity does to values that the old one let in; `None` where it leaves them all.
fn converted(from: Affinity, to: Affinity) -> Option<&'static str> {
    let number = |affinity| matches!(affinity, Affinity::Integer | Affinity::Numeric);
    if from == to || (number(from) && number(to)) {
        return None;
    }
    match to {
        Affinity::Blob => None,
        Affinity::Text => Some("numbers become text, and sort and compare as text"),
        Affinity::Integer | Affinity::Numeric if from == Affinity::Real => {
            Some("floating-point numbers without a fraction become integers")
        }
        Affinity::Integer | Affinity::Numeric => {
            Some("text that looks like a number becomes one: '007' becomes 7")
        }
        Affinity::Real if number(from) => Some("integers beyond 2^53 lose their last digits"),
        Affinity::Real => Some("text that looks like a number becomes one: '007' becomes 7.0"),
    }
}
