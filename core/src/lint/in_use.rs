//! `lint.rename_in_use`, `lint.drop_in_use`

use std::collections::BTreeMap;

use super::moment::Moment;
use super::{Findings, Rule, fts};
use crate::alter::Action;
use crate::db::Database;
use crate::deed::Deed;
use crate::error::Result;
use crate::reading::{Statement, holds};
use crate::schema::{Object, ObjectKind};
use crate::sql::{TokenType as T, quote, same_name, tokens, unquote};

/// The columns of every view, where a statement renames something.
pub(super) fn views(
    db: &mut dyn Database,
    objects: &[Object],
    statements: &[Statement],
) -> Result<BTreeMap<String, Vec<String>>> {
    let renames = |statement: &Statement| match &statement.deed {
        Deed::Alter(alteration) => alteration.actions.iter().any(Action::is_rename),
        _ => false,
    };
    let mut columns = BTreeMap::new();
    if statements.iter().any(renames) {
        for view in objects.iter().filter(|object| object.kind == ObjectKind::View) {
            let sql = "SELECT name FROM pragma_table_info(?1, 'main')";
            // One that does not compile has none to lose.
            let found = db.texts(sql, &[view.name.as_str().into()]).unwrap_or_default();
            columns.insert(view.name.clone(), found);
        }
    }
    Ok(columns)
}

pub(super) fn look(
    moment: &Moment<'_>,
    db: &mut dyn Database,
    after: &[Object],
    findings: &mut Findings,
) -> Result<()> {
    let now = views(db, after, moment.statements)?;
    for statement in moment.statements {
        let mut found = |rule, name: &str, done: String, used: Uses| {
            for (what, fix) in used {
                let place = (moment.script, moment.side, statement);
                findings.at(rule, place, Some(name), format!("{name} is {done}, and {what}"), fix);
            }
        };
        match &statement.deed {
            Deed::DropTable { table, .. } if !after.iter().any(|object| same_name(&object.name, table)) => {
                found(Rule::DropInUse, table, "dropped".to_owned(), reads(after, table, None, "it"));
            }
            Deed::Alter(alteration) => {
                let mut table = alteration.table.as_str();
                for action in &alteration.actions {
                    let (rule, name, done, used) = match action {
                        Action::RenameColumn { column, to } => {
                            let used = column_uses(moment, &now, after, table, column, to);
                            (Rule::RenameInUse, column.as_str(), format!("renamed to {to}"), used)
                        }
                        Action::RenameTable { to } => {
                            let used = table_uses(after, table, to);
                            let old = std::mem::replace(&mut table, to);
                            (Rule::RenameInUse, old, format!("renamed to {to}"), used)
                        }
                        Action::DropColumn { column, .. } => {
                            let used = reads(after, table, Some(column), "it");
                            (Rule::DropInUse, column.as_str(), "dropped".to_owned(), used)
                        }
                        _ => continue,
                    };
                    found(rule, name, done, used);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

type Uses = Vec<(String, String)>;

fn column_uses(
    moment: &Moment<'_>,
    now: &BTreeMap<String, Vec<String>>,
    after: &[Object],
    table: &str,
    old: &str,
    new: &str,
) -> Uses {
    let mut uses = Vec::new();
    let has = |columns: &[String], name: &str| columns.iter().any(|column| same_name(column, name));
    for (view, columns) in &moment.views {
        if has(columns, old) && now.get(view).is_some_and(|now| !has(now, old) && has(now, new)) {
            uses.push((
                format!("the view {view} loses its column {old}: it is called {new} now"),
                format!(
                    "make the view anew with '{} AS {}', or change whoever reads it in the same release",
                    quote(new),
                    quote(old)
                ),
            ));
        }
    }
    uses.extend(reads(after, table, Some(old), "the old name"));
    uses.extend(strings(after, table, old));
    uses
}

fn table_uses(after: &[Object], old: &str, new: &str) -> Uses {
    let mut uses = reads(after, old, None, "the old name");
    uses.extend(strings(after, new, old));
    uses
}

/// Full-text tables that read the table, or this column of it, by name: it stands in their arguments.
fn reads(after: &[Object], table: &str, column: Option<&str>, what: &str) -> Uses {
    let mut uses = Vec::new();
    for object in after.iter().filter(|object| object.kind == ObjectKind::Table) {
        let Some(found) = fts::external(object).filter(|found| same_name(&found.content, table)) else {
            continue;
        };
        let hit = column.is_none_or(|column| {
            found.columns.iter().any(|read| same_name(read, column)) || same_name(&found.rowid, column)
        });
        if hit {
            uses.push((
                format!("the full-text table {} still reads {what}", object.name),
                format!("drop {0} before it, and create it anew after it, with its triggers", object.name),
            ));
        }
    }
    uses
}

/// Triggers on the table and views that hold the old name in a string, which SQLite leaves as it is.
fn strings(after: &[Object], table: &str, old: &str) -> Uses {
    let keeps = |object: &Object| {
        let all = object.sql.as_deref().map(tokens).and_then(Result::ok).unwrap_or_default();
        all.iter().any(|token| token.kind == T::TK_STRING && same_name(&unquote(token.text), old))
    };
    let mut uses = Vec::new();
    for object in after {
        let about = match object.kind {
            ObjectKind::Trigger => {
                same_name(&object.table, table) || object.sql.as_deref().is_some_and(|sql| holds(sql, table))
            }
            ObjectKind::View => object.sql.as_deref().is_some_and(|sql| holds(sql, table)),
            ObjectKind::Table | ObjectKind::Index => false,
        };
        if about && keeps(object) {
            uses.push((
                format!("the {} still has the string '{old}'", object.title()),
                format!("make the {} anew with the new name, if the string means it", object.title()),
            ));
        }
    }
    uses
}
