//! One `ALTER TABLE` on a live database: look, choose the way, do it, prove that nothing else changed.

use super::portable;
use super::rebuild::rebuild;
use super::{Purpose, Run, counted};
use crate::alter::{
    Action, Alteration, Capabilities, Choice, Draft, Rule, TableState, choose, new_rules, touched,
};
use crate::db::Database;
use crate::dependents::Broken;
use crate::error::{Error, ErrorKind, Result, Violation};
use crate::inspect;
use crate::proof::{Change, Inventory};
use crate::report::{AlterationReport, Way};
use crate::sql::quote;

/// Runs all groups of an alteration, each looked at anew after the one before.
pub(super) fn run(run: &mut Run<'_, '_>, alteration: &Alteration) -> Result<Vec<AlterationReport>> {
    let schema = alteration.schema.as_deref().unwrap_or("main");
    let mut table = alteration.table.clone();
    let mut reports = Vec::new();
    for group in alteration.groups() {
        let Some(state) = inspect::table(run.db, schema, &table)? else {
            if alteration.if_exists {
                break;
            }
            return Err(unknown(run.db, schema, &table)?);
        };
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

fn one_group(
    run: &mut Run<'_, '_>,
    state: &TableState,
    actions: &[Action],
) -> Result<Option<AlterationReport>> {
    let name = &state.table.name;
    let broken = Broken::find(run.db, &state.schema, name)?;
    let version = portable::sqlite_version(run);
    let can = Capabilities { version, sound: broken.is_empty(), rebuild: run.options.rebuild };
    let (draft, choice) = choose(state, actions, can)?;
    if choice == Choice::Nothing {
        return Ok(None);
    }
    let rules = new_rules(state, &draft, actions);
    refuse_broken_rows(run.db, state, &rules)?;
    run.watch.touch(run.db, touched(state, &draft))?;
    portable::note_keys(run)?;
    let before = Inventory::read(run.db, &state.schema)?;
    let change = change(state, &draft, actions, &choice);
    let report = match choice {
        Choice::Nothing => return Ok(None),
        Choice::Native(statements) => {
            for statement in &statements {
                run.execute(statement).map_err(explained)?;
            }
            if let (Some((from, to)), true) = (&change.renamed, change.table_renamed) {
                run.watch.rename(from, to);
                rename_statistics(run, &state.schema, &before, from, to)?;
            }
            AlterationReport { table: name.clone(), way: Way::Native, why: None, rows: 0 }
        }
        Choice::Rebuild(why) => {
            portable::check_table(run, state)?;
            let rows = rebuild(run, state, &draft, &before)?;
            AlterationReport { table: name.clone(), way: Way::Rebuild, why: Some(why), rows }
        }
    };
    Inventory::read(run.db, &state.schema)?.prove(&before, &change)?;
    let after_name =
        if change.table_renamed { change.renamed.as_ref().map_or(name, |(_, to)| to) } else { name };
    let drops = actions.iter().any(|action| matches!(action, Action::DropColumn { .. }));
    Broken::find(run.db, &state.schema, after_name)?
        .nothing_new_since(&broken, name)
        .map_err(|error| if drops { still_needed(error.to_string()) } else { error })?;
    run.warnings.extend(draft.warnings);
    Ok(Some(report))
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

/// The same refusal whichever way a column would have gone.
fn still_needed(message: String) -> Error {
    Error::new(ErrorKind::StillNeeded, message)
        .with_hint("drop that view or trigger before the ALTER TABLE, and create it anew after it")
}

/// Lists the rows that break a rule to be, before anything is written.
fn refuse_broken_rows(db: &mut dyn Database, state: &TableState, rules: &[Rule]) -> Result<()> {
    let mut violations = Vec::new();
    let mut hint = None;
    for rule in rules {
        let count = db.integer(&rule.count, &[])?.unwrap_or(0);
        if count > 0 {
            violations.push(Violation {
                table: state.table.name.clone(),
                rule: rule.text.clone(),
                count: count as u64,
                keys: db.texts(&rule.keys, &[])?,
            });
            hint.get_or_insert(rule.hint.as_str());
        }
    }
    let Some(first) = violations.first() else { return Ok(()) };
    let rows = counted(first.count, "row");
    let message = format!(
        "{rows} of table {} would break {} (first: {})",
        first.table,
        first.rule,
        first.keys.join("; ")
    );
    Err(Error::new(ErrorKind::RowsBreakRule, message)
        .with_hint(hint.unwrap_or("change those rows first"))
        .with_violations(violations))
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
    run: &mut Run<'_, '_>,
    schema: &str,
    before: &Inventory,
    from: &str,
    to: &str,
) -> Result<()> {
    for which in before.statistics_tables() {
        // A folder that runs ANALYZE has made this one everywhere; the others depend on the build.
        if run.options.purpose == Purpose::Script && which != "sqlite_stat1" {
            continue;
        }
        let sql = format!("UPDATE {}.{which} SET tbl = ?1 WHERE tbl = ?2 COLLATE NOCASE", quote(schema));
        run.db.query(&sql, &[to.into(), from.into()], &mut |_| Ok(()))?;
    }
    Ok(())
}
