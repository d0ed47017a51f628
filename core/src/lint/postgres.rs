//! `lint.postgresql`: what only PostgreSQL knows, with SQLite's way to the same end.

use super::{Findings, Place, Rule};
use crate::alter::Action;
use crate::deed::Deed;
use crate::error::Error;
use crate::reading::{Reading, Statement};
use crate::schema::TableDef;
use crate::script::Script;
use crate::sql::{Foreign, foreign, has_a_body_in_dollars, split, tokens};

/// Types that are more than a type to PostgreSQL.
const TYPES: [(&str, &str); 4] = [
    ("SERIAL", "write INTEGER PRIMARY KEY, which counts by itself: in a SERIAL column SQLite stores NULL"),
    (
        "BIGSERIAL",
        "write INTEGER PRIMARY KEY, which counts by itself: in a BIGSERIAL column SQLite stores NULL",
    ),
    (
        "SMALLSERIAL",
        "write INTEGER PRIMARY KEY, which counts by itself: in a SMALLSERIAL column SQLite stores NULL",
    ),
    ("[]", "keep a JSON array in a TEXT column with CHECK (json_valid(column)), or a table of its own"),
];

pub(super) fn look(reading: &Reading<'_>, findings: &mut Findings) {
    for side in reading.sides() {
        for statement in &side.statements {
            let all = tokens(&statement.sql).unwrap_or_default();
            let types = types(statement);
            for found in foreign(&all).into_iter().chain(types) {
                let word = found.what.split(' ').next_back().unwrap_or(&found.what).trim_end_matches("()");
                findings.at(
                    Rule::Postgresql,
                    (reading.script, side, statement),
                    Some(word),
                    found.to_string(),
                    found.fix,
                );
            }
        }
    }
}

/// Types that only PostgreSQL understands, of the columns that a statement makes.
fn types(statement: &Statement) -> Vec<Foreign> {
    let of = |table: &TableDef| -> Vec<Foreign> {
        let kinds = table.columns.iter().map(|column| table.type_name(column).to_owned());
        kinds
            .filter_map(|name| {
                let is = |kind: &str| match kind {
                    "[]" => name.ends_with(']') && name.contains('['),
                    _ => name.eq_ignore_ascii_case(kind),
                };
                TYPES.iter().find(|(kind, _)| is(kind)).map(|(_, fix)| Foreign::postgresql(name.clone(), fix))
            })
            .collect()
    };
    match &statement.deed {
        Deed::CreateTable { .. } => statement.definition().map(|table| of(&table)).unwrap_or_default(),
        Deed::Alter(alteration) => {
            let mut all = Vec::new();
            for action in &alteration.actions {
                let definition = match action {
                    Action::AddColumn { definition, .. } => definition.clone(),
                    Action::SetType { column, type_name, .. } => {
                        format!("{} {type_name}", crate::sql::quote(column))
                    }
                    _ => continue,
                };
                let table = TableDef::parse(&format!("CREATE TABLE t({definition}\n)"));
                all.extend(table.map(|table| of(&table)).unwrap_or_default());
            }
            all
        }
        _ => Vec::new(),
    }
}

/// Looks at a file that cannot be read. Answers whether that is for something of PostgreSQL's: a cast with
/// `::`, a body in `$$`, whose own semicolons and `END` are taken for the file's.
pub(super) fn unreadable(script: &Script, error: &Error, findings: &mut Findings) -> bool {
    let file = error.file().unwrap_or(&script.file);
    let text = match &script.down {
        Some(down) if down.name == file => &*down.text,
        _ => &*script.text,
    };
    let mut tell = |line: u32, statement: &str, found: &Foreign| {
        let revision = &script.revision.id;
        let place = Place { revision, file, line: Some(line), statement: Some(statement) };
        findings.add(Rule::Postgresql, place, found.to_string(), found.fix);
    };
    let mut is_the_cause = false;
    match split(text) {
        Ok(statements) => {
            for statement in statements {
                let all = tokens(statement.text).unwrap_or_default();
                is_the_cause |= has_a_body_in_dollars(&all);
                foreign(&all).iter().for_each(|found| tell(statement.line, statement.text, found));
            }
        }
        Err(_) => {
            let Some(line) = error.line() else { return false };
            let near = text.lines().nth(line as usize - 1).unwrap_or_default();
            if outside_strings(near).contains("::") {
                is_the_cause = true;
                let fix = "write the literal by itself, or CAST(value AS TYPE)";
                tell(line, near.trim(), &Foreign::postgresql("::".to_owned(), fix));
            }
        }
    }
    is_the_cause
}

/// A line without its strings and comments, as far as one line tells.
fn outside_strings(line: &str) -> String {
    let code: String = line.split('\'').step_by(2).collect();
    code.split("--").next().unwrap_or_default().to_owned()
}
