//! What needs a column that is dropped, beyond the table itself: foreign keys of other tables,
//! views, triggers. With CASCADE it goes along, and is listed; without, it is named and nothing goes.

use super::Run;
use super::alter::one_group;
use crate::alter::{Action, ConstraintRef, Draft, TableState};
use crate::dependents::Broken;
use crate::error::{Error, ErrorKind, Result};
use crate::inspect;
use crate::report::AlterationReport;
use crate::schema::{Object, ObjectKind};
use crate::sql::{quote, same_name};

/// Drops the foreign keys of other tables that name a column which goes with CASCADE, by the road
/// that every alteration takes.
pub(super) fn release_children(
    run: &mut Run<'_, '_>,
    state: &TableState,
    actions: &[Action],
) -> Result<Vec<AlterationReport>> {
    let mut reports = Vec::new();
    let key = state.table.primary_key();
    for action in actions {
        let Action::DropColumn { column, cascade: true, .. } = action else { continue };
        if state.table.column(column).is_none() {
            continue;
        }
        let others = state.children.iter().filter(|child| !same_name(&child.table, &state.table.name));
        for child in others.filter(|child| child.names(column, &key)) {
            let before = run.inventory(&state.schema)?;
            let found = run.table(&before, &state.schema, &child.table)?;
            let Some(found) = found else { continue };
            // Another column of the same key may have taken it along already.
            let constraint = ConstraintRef::ForeignKey(child.from.clone());
            let drop = Action::DropConstraint { if_exists: true, constraint };
            if let Some(report) = one_group(run, &found, &[drop], before)? {
                reports.push(report);
                run.warnings.push(format!(
                    "dropped with column {}.{column}: {}",
                    state.table.name,
                    child.title()
                ));
            }
        }
    }
    Ok(reports)
}

/// Drops the views and triggers that no longer compile without the columns, and answers which.
///
/// Errors: [`ErrorKind::StillNeeded`] naming them, where the columns go without CASCADE.
pub(super) fn drop_dependents(
    run: &mut Run<'_, '_>,
    state: &TableState,
    draft: &Draft,
    actions: &[Action],
    before: &Broken,
) -> Result<Vec<String>> {
    // One that was not there, or is there again, is not gone.
    let is_gone = |name: &str| state.table.column(name).is_some() && draft.table.column(name).is_none();
    let gone: Vec<(&str, bool)> = actions
        .iter()
        .filter_map(|action| match action {
            Action::DropColumn { column, cascade, .. } if is_gone(column) => {
                Some((column.as_str(), *cascade))
            }
            _ => None,
        })
        .collect();
    let mut dropped = Vec::new();
    if gone.is_empty() {
        return Ok(dropped);
    }
    let columns: Vec<String> = gone.iter().map(|(column, _)| (*column).to_owned()).collect();
    let (schema, name) = (&state.schema, &state.table.name);
    loop {
        let broken = Broken::new_objects(run.db, schema, name, &columns, before)?;
        if broken.is_empty() {
            break;
        }
        if gone.iter().any(|(_, cascade)| !cascade) {
            let needed: Vec<String> = broken.iter().map(placed).collect();
            let what = if columns.len() == 1 { "column" } else { "one of the columns" };
            let list = columns.join(", ");
            return Err(still_needed(format!("{what} {list} of {name} is needed by {}", needed.join(", "))));
        }
        for object in broken {
            dropped.extend(drop_with_triggers(run, &object)?);
        }
    }
    if !dropped.is_empty() {
        let columns: Vec<String> = columns.iter().map(|column| format!("{name}.{column}")).collect();
        run.warnings.push(format!("dropped with column {}: {}", columns.join(", "), dropped.join(", ")));
    }
    Ok(dropped)
}

/// DROP VIEW takes the view's INSTEAD OF triggers along.
fn drop_with_triggers(run: &mut Run<'_, '_>, object: &Object) -> Result<Vec<String>> {
    let mut dropped = vec![object.title()];
    if object.kind == ObjectKind::View {
        for schema in [object.schema.as_str(), "temp"] {
            let all = inspect::objects(run.db, schema)?.into_iter();
            let on_it = |o: &Object| o.kind == ObjectKind::Trigger && same_name(&o.table, &object.name);
            dropped.extend(all.filter(on_it).map(|trigger| trigger.title()));
        }
    }
    let kind = object.kind.as_str().to_ascii_uppercase();
    run.db.execute(&format!("DROP {kind} {}.{}", quote(&object.schema), quote(&object.name)))?;
    dropped.dedup();
    Ok(dropped)
}

/// `trigger r of table u`: it may stand on another table.
fn placed(object: &Object) -> String {
    match object.kind {
        ObjectKind::Trigger => format!("{} of table {}", object.title(), object.table),
        _ => object.title(),
    }
}

/// The same refusal whichever way a column would have gone.
pub(super) fn still_needed(message: String) -> Error {
    Error::new(ErrorKind::StillNeeded, message).with_hint(
        "drop that before the ALTER TABLE, and create it anew after it, or write DROP COLUMN … CASCADE",
    )
}
