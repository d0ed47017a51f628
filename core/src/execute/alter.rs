//! One `ALTER TABLE` on a live database: look, choose the way, do it, prove that nothing else changed.

use std::collections::VecDeque;

use super::Run;
use super::cascade::{drop_dependents, release_children, still_needed};
use super::rebuild::rebuild;
use super::rules::refuse_broken_rows;
use crate::alter::{
    Action, Alteration, Capabilities, Choice, Draft, TableState, choose, independent, touched,
};
use crate::db::Database;
use crate::dependents::Broken;
use crate::error::{Error, ErrorKind, Result};
use crate::inspect;
use crate::proof::{Change, Inventory};
use crate::report::{AlterationReport, Way};
use crate::sql::quote;

/// Runs all groups of an alteration, each looked at anew after the one before.
pub(super) fn run(run: &mut Run<'_, '_>, alteration: &Alteration) -> Result<Vec<AlterationReport>> {
    let schema = alteration.schema.as_deref().unwrap_or("main");
    let mut table = alteration.table.clone();
    let mut reports = Vec::new();
    let mut groups = VecDeque::from(alteration.groups());
    while let Some(mut group) = groups.pop_front() {
        let Some(state) = inspect::table(run.db, schema, &table)? else {
            if alteration.if_exists {
                break;
            }
            return Err(unknown(run.db, schema, &table)?);
        };
        let later = group.split_off(independent(&state.table, &group));
        if !later.is_empty() {
            groups.push_front(later);
        }
        let released = release_children(run, &state, &group)?;
        let state = match &released[..] {
            [] => state,
            _ => inspect::table(run.db, schema, &table)?.unwrap_or(state),
        };
        reports.extend(released);
        reports.extend(one_group(run, &state, &group)?);
        if let [Action::RenameTable { to }] = &group[..] {
            table.clone_from(to);
        }
    }
    Ok(reports)
}

fn unknown(db: &mut dyn Database, schema: &str, table: &str) -> Result<Error> {
    let sql = format!(
        "SELECT name FROM {}.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name LIMIT 12",
        quote(schema)
    );
    let there = db.texts(&sql, &[])?;
    let error = Error::new(ErrorKind::UnknownTable, format!("there is no table {table}"));
    Ok(match &there[..] {
        [] => error,
        names => error.with_hint(format!("name one of: {}", names.join(", "))),
    })
}

pub(super) fn one_group(
    run: &mut Run<'_, '_>,
    state: &TableState,
    actions: &[Action],
) -> Result<Option<AlterationReport>> {
    let name = &state.table.name;
    let broken = Broken::find(run.db, &state.schema, name)?;
    let can = Capabilities { version: run.version, sound: broken.is_empty(), rebuild: run.options.rebuild };
    let (draft, choice) = choose(state, actions, can)?;
    if choice == Choice::Nothing {
        return Ok(None);
    }
    refuse_broken_rows(run.db, state, &draft)?;
    run.watch.touch(run.db, touched(state, &draft))?;
    let before = Inventory::read(run.db, &state.schema)?;
    let mut change = change(state, &draft, actions, &choice);
    let report = match choice {
        Choice::Nothing => return Ok(None),
        Choice::Native(statements) => {
            native(run, &statements, actions)?;
            if let (Some((from, to)), true) = (&change.renamed, change.table_renamed) {
                run.watch.rename(from, to);
                rename_statistics(run.db, &state.schema, &before, from, to)?;
            }
            AlterationReport { table: name.clone(), way: Way::Native, why: None, rows: 0 }
        }
        Choice::Rebuild(why) => {
            let rows = rebuild(run, state, &draft, &before)?;
            AlterationReport { table: name.clone(), way: Way::Rebuild, why: Some(why), rows }
        }
    };
    let dropped = drop_dependents(run, state, &draft, actions, &broken)?;
    change.dropped.extend(dropped);
    Inventory::read(run.db, &state.schema)?.prove(&before, &change)?;
    let after_name =
        if change.table_renamed { change.renamed.as_ref().map_or(name, |(_, to)| to) } else { name };
    Broken::find(run.db, &state.schema, after_name)?.nothing_new_since(&broken, name)?;
    run.warnings.extend(draft.warnings);
    Ok(Some(report))
}

fn native(run: &mut Run<'_, '_>, statements: &[String], actions: &[Action]) -> Result<()> {
    // With it on, DROP COLUMN does not stop at the first view or trigger that needs the column:
    // limbeck finds all of them.
    let drops = actions.iter().any(|action| matches!(action, Action::DropColumn { .. }));
    if drops {
        run.db.execute("PRAGMA legacy_alter_table = 1")?;
    }
    for statement in statements {
        run.execute(statement).map_err(explained)?;
    }
    if drops {
        run.db.execute("PRAGMA legacy_alter_table = 0")?;
    }
    Ok(())
}

/// SQLite's own refusal of an ALTER, in limbeck's terms.
fn explained(error: Error) -> Error {
    let text = error.to_string();
    if text.contains(" after drop column: ") {
        return still_needed(text);
    }
    if text.starts_with("error in view ") || text.starts_with("error in trigger ") {
        return Error::new(ErrorKind::DependentBroken, text)
            .with_hint("repair or drop it first: SQLite renames nothing while it does not compile");
    }
    error
}

/// What the plan says will be different.
fn change(state: &TableState, draft: &Draft, actions: &[Action], choice: &Choice) -> Change {
    let mut change = Change {
        schema: state.schema.clone(),
        table: state.table.name.clone(),
        columns: draft.table.columns.iter().map(|column| column.name.clone()).collect(),
        text: matches!(choice, Choice::Rebuild(_)).then(|| draft.table.sql.clone()),
        renumbered: state.table.autoincrement() != draft.table.autoincrement(),
        ..Change::default()
    };
    match actions {
        [Action::RenameTable { to }] => {
            change.renamed = Some((state.table.name.clone(), to.clone()));
            change.table_renamed = true;
        }
        [Action::RenameColumn { column, to }] => change.renamed = Some((column.clone(), to.clone())),
        _ => {}
    }
    let left = draft.indexes.iter().chain(&draft.triggers);
    let left: Vec<String> = left.map(|object| object.title()).collect();
    let all = state.indexes.iter().chain(&state.triggers).map(|object| object.title());
    change.dropped = all.filter(|title| !left.contains(title)).collect();
    change
}

/// SQLite leaves the rows of ANALYZE under the old name.
fn rename_statistics(
    db: &mut dyn Database,
    schema: &str,
    before: &Inventory,
    from: &str,
    to: &str,
) -> Result<()> {
    for which in before.statistics_tables() {
        let sql = format!("UPDATE {}.{which} SET tbl = ?1 WHERE tbl = ?2 COLLATE NOCASE", quote(schema));
        db.query(&sql, &[to.into(), from.into()], &mut |_| Ok(()))?;
    }
    Ok(())
}
