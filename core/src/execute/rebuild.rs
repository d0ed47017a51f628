//! The rebuild of a table, run: counters, statistics and rows that break a CHECK already are kept.

use super::copy;
use super::in_place::{may_edit, reload, respelt};
use super::room;
use super::{Purpose, Run, counted};
use crate::alter::{Converted, Copy, Draft, Preparation, Rebuild, Swap, TableState};
use crate::db::{Database, Value};
use crate::error::{Error, ErrorKind, Result, accepted};
use crate::event::Event;
use crate::proof::Inventory;
use crate::schema::Object;
use crate::sql::{literal, quote, same_name};

/// Rebuilds the table and answers how many rows were copied.
pub(super) fn rebuild(
    run: &mut Run<'_, '_>,
    state: &TableState,
    draft: &Draft,
    before: &Inventory,
) -> Result<u64> {
    let plan = planned(run, state, draft)?;
    let of = copy::count(run, &state.qualified())?;
    room::for_rebuild(run, state, draft, &plan.keep)?;
    let children = children_rows(run, state)?;
    // A script cannot know the rows; where the table is renamed away, they stay by themselves.
    let statistics = match run.options.purpose {
        Purpose::Script => Vec::new(),
        Purpose::Live | Purpose::Plan => saved_statistics(run.db, state, before)?,
    };
    let sound = if plan.swap.is_some() { integrity(&mut run.watched(), state)? } else { Vec::new() };
    let odd = odd_rows(run, state, &plan)?;
    let lax = odd && ignore_old_violations(run, state)?;
    let unsure = odd && any_row(run, state, &plan.unsure)?;
    let rows = move_rows(run, state, &plan, of)?;
    if odd {
        warn_of_losses(run, state, &plan.copy)?;
    }
    change_tables(run, state, draft, &plan)?;
    indexes(run, state, &plan, (!unsure).then_some(rows))?;
    match run.options.purpose {
        Purpose::Script => forget_statistics(run.db, state, draft, before)?,
        Purpose::Live | Purpose::Plan => restore_statistics(run.db, state, draft, &statistics)?,
    }
    for statement in &plan.triggers {
        run.execute(statement)?;
    }
    if lax {
        run.db.execute("PRAGMA ignore_check_constraints = 0")?;
    }
    if plan.copy.rowid.is_none() {
        run.watch.renumber(&state.table.name);
    }
    if plan.swap.is_some() {
        refuse_damage(run, state, &sound)?;
    }
    if children_rows(run, state)? != children {
        return Err(unproved(&state.table.name, "rows of the tables that refer to it would change"));
    }
    Ok(rows)
}

fn planned(run: &mut Run<'_, '_>, state: &TableState, draft: &Draft) -> Result<Rebuild> {
    if run.version < 3_033_000 {
        return Err(Error::new(ErrorKind::SqliteTooOld, "rebuilding a table needs SQLite 3.33 or newer"));
    }
    if run.foreign_keys_on { enforced(run, state, draft) } else { Rebuild::new(state, draft, may_edit(run)?) }
}

/// Makes the new table, and copies the rows into it.
fn move_rows(run: &mut Run<'_, '_>, state: &TableState, plan: &Rebuild, of: u64) -> Result<u64> {
    let name = &state.table.name;
    for statement in &plan.clear {
        run.execute(statement)?;
    }
    // With it on, a rename leaves views, triggers and child tables alone:
    // https://sqlite.org/pragma.html#pragma_legacy_alter_table
    run.db.execute("PRAGMA legacy_alter_table = 1")?;
    for step in &plan.prepare {
        match step {
            Preparation::Statement(sql) => _ = run.execute(sql)?,
            Preparation::Copy(aside) => _ = copy::rows(run, name, aside, of)?,
        }
    }
    copy::rows(run, name, &plan.copy, of)
}

/// The new table takes the old one's place, its counter, and the indexes that it keeps.
fn change_tables(run: &mut Run<'_, '_>, state: &TableState, draft: &Draft, plan: &Rebuild) -> Result<()> {
    for statement in &plan.counter {
        run.execute(statement)?;
    }
    if let Some(swap) = &plan.swap {
        change_places(run, state, draft, swap)?;
    }
    if !plan.keep.is_empty() {
        hand_over_indexes(run, state, plan)?;
    }
    run.execute(&plan.drop_old)?;
    run.db.execute("PRAGMA legacy_alter_table = 0")?;
    Ok(())
}

/// Makes the indexes that are not kept, and those that turn out not to have an entry for each of the `rows`; all
/// of them, where it is not sure of what they have entries.
fn indexes(run: &mut Run<'_, '_>, state: &TableState, plan: &Rebuild, rows: Option<u64>) -> Result<()> {
    let mut made: Vec<&str> = Vec::new();
    for index in &plan.keep {
        let db: &mut dyn Database = &mut run.watched();
        let is_whole = match rows {
            Some(rows) => accepted(db.integer(&index.entries, &[]))?.flatten() == Some(rows as i64),
            None => false,
        };
        if !is_whole {
            made.push(&index.reindex);
        }
    }
    made.extend(plan.indexes.iter().map(String::as_str));
    for (at, statement) in made.iter().enumerate() {
        run.tell(&Event::Indexing { table: &state.table.name, index: at + 1, of: made.len() })?;
        run.execute(statement)?;
    }
    Ok(())
}

fn unproved(table: &str, what: &str) -> Error {
    Error::new(ErrorKind::ProofFailed, format!("rebuilding table {table} is not proved right: {what}"))
        .with_hint("report this: nothing was changed")
}

/// The plan where `foreign_keys` stays on: the tables change places in `sqlite_schema`.
fn enforced(run: &mut Run<'_, '_>, state: &TableState, draft: &Draft) -> Result<Rebuild> {
    if may_edit(run)? {
        return Rebuild::enforced(state, draft);
    }
    Err(Error::new(
        ErrorKind::TransactionOpen,
        format!(
            "table {} would have to be rebuilt while foreign_keys is on and cannot be switched off here",
            state.table.name
        ),
    )
    .with_hint("commit before calling limbeck: inside a transaction DROP TABLE would delete the rows of its children"))
}

fn change_places(run: &mut Run<'_, '_>, state: &TableState, draft: &Draft, swap: &Swap) -> Result<()> {
    edit_schema(run, state, &swap.edits)?;
    if state.names.iter().any(|name| name == "sqlite_sequence") || draft.table.autoincrement() {
        for statement in &swap.counters {
            run.execute(statement)?;
        }
    }
    Ok(())
}

/// Errors: [`ErrorKind::ProofFailed`] if SQLite does not see them with the new table: to drop the old one would
/// then destroy them.
fn hand_over_indexes(run: &mut Run<'_, '_>, state: &TableState, plan: &Rebuild) -> Result<()> {
    edit_schema(run, state, plan.keep.iter().map(|index| &index.edit))?;
    let name = &state.table.name;
    let params = [name.as_str().into(), state.schema.as_str().into()];
    let there = run.db.texts("SELECT name FROM pragma_index_list(?1, ?2)", &params)?;
    match plan.keep.iter().find(|index| !there.contains(&index.name)) {
        None => Ok(()),
        Some(index) => Err(unproved(name, &format!("index {} does not follow the table", index.name))),
    }
}

fn edit_schema<'e>(
    run: &mut Run<'_, '_>,
    state: &TableState,
    edits: impl IntoIterator<Item = &'e String>,
) -> Result<()> {
    run.db.execute("PRAGMA writable_schema = 1")?;
    for edit in edits {
        run.execute(edit)?;
    }
    reload(run.db, &state.schema)?;
    run.db.execute("PRAGMA writable_schema = 0")?;
    Ok(())
}

/// What `integrity_check` finds, `ok` included.
fn integrity(db: &mut dyn Database, state: &TableState) -> Result<Vec<String>> {
    db.texts(&format!("PRAGMA {}.integrity_check", quote(&state.schema)), &[])
}

/// Errors: [`ErrorKind::ProofFailed`] with what `integrity_check` finds now and had not found before.
fn refuse_damage(run: &mut Run<'_, '_>, state: &TableState, before: &[String]) -> Result<()> {
    let mut found = integrity(&mut run.watched(), state)?;
    found.retain(|one| !before.contains(one));
    match found.is_empty() {
        true => Ok(()),
        false => Err(unproved(&state.table.name, &format!("integrity_check: {}", found.join("; ")))),
    }
}

/// The row counts of the tables that an action of a foreign key could reach.
fn children_rows(run: &mut Run<'_, '_>, state: &TableState) -> Result<Vec<u64>> {
    let acting =
        state.children.iter().filter(|child| child.acts && !same_name(&child.table, &state.table.name));
    acting
        .map(|child| copy::count(run, &format!("{}.{}", quote(&state.schema), quote(&child.table))))
        .collect()
}

/// Whether any row breaks a CHECK already, has a value that may be spelt otherwise in its new type, or one that
/// makes a kept index unsure: one look at each row, and as a rule there is nothing to be asked more closely.
fn odd_rows(run: &mut Run<'_, '_>, state: &TableState, plan: &Rebuild) -> Result<bool> {
    let respelt = plan.copy.converted.iter().map(|column| column.may_be_respelt.clone());
    let odd: Vec<String> = violations(state).chain(respelt).chain(plan.unsure.iter().cloned()).collect();
    any_row(run, state, &odd)
}

/// Whether any of the conditions holds for any of the old rows.
fn any_row(run: &mut Run<'_, '_>, state: &TableState, conditions: &[String]) -> Result<bool> {
    if conditions.is_empty() {
        return Ok(false);
    }
    let any: Vec<String> = conditions.iter().map(|condition| format!("({condition})")).collect();
    let table = state.qualified();
    let db: &mut dyn Database = &mut run.watched();
    db.any(&format!("SELECT 1 FROM {table} NOT INDEXED WHERE {} LIMIT 1", any.join(" OR ")), &[])
}

/// For each CHECK, what holds for a row that breaks it.
fn violations(state: &TableState) -> impl Iterator<Item = String> {
    let table = &state.table;
    table.checks().map(|(_, expression)| format!("NOT {}", table.text(expression)))
}

/// Rows that break a CHECK already would stop the copy, although nothing about them changes: then
/// they are copied as they are, and said. Every CHECK over values that do change was asked before.
fn ignore_old_violations(run: &mut Run<'_, '_>, state: &TableState) -> Result<bool> {
    let table = &state.table;
    let checks: Vec<String> = violations(state).collect();
    if checks.is_empty() {
        return Ok(false);
    }
    let sql = format!("SELECT count(*) FROM {} NOT INDEXED WHERE {}", state.qualified(), checks.join(" OR "));
    let db: &mut dyn Database = &mut run.watched();
    let broken = db.integer(&sql, &[])?.unwrap_or(0);
    if broken == 0 {
        return Ok(false);
    }
    run.db.execute("PRAGMA ignore_check_constraints = 1")?;
    run.warnings.push(format!(
        "{} of {} broke a CHECK before: kept as before",
        counted(broken as u64, "row"),
        table.name
    ));
    Ok(true)
}

/// Says how many values SQLite's conversion has not kept: `'007'` becomes 7.
fn warn_of_losses(run: &mut Run<'_, '_>, state: &TableState, copy: &Copy) -> Result<()> {
    for Converted { new, before, after, .. } in &copy.converted {
        let sql = format!(
            "SELECT (SELECT count(*) FROM {} NOT INDEXED WHERE {before}) \
             - (SELECT count(*) FROM {} NOT INDEXED WHERE {after})",
            copy.from, copy.to
        );
        let db: &mut dyn Database = &mut run.watched();
        let lost = db.integer(&sql, &[])?.unwrap_or(0);
        if lost > 0 {
            run.warnings.push(respelt(lost as u64, &state.table.name, new));
        }
    }
    Ok(())
}

/// The rows of ANALYZE on a table: (which table of statistics, row).
type Statistics = Vec<(&'static str, Vec<Value>)>;

fn saved_statistics(db: &mut dyn Database, state: &TableState, before: &Inventory) -> Result<Statistics> {
    let mut saved = Vec::new();
    for which in before.statistics_tables() {
        let sql = format!("SELECT * FROM {}.{which} WHERE tbl = ?1 COLLATE NOCASE", quote(&state.schema));
        let rows = db.rows(&sql, &[state.table.name.as_str().into()])?;
        saved.extend(rows.into_iter().map(|row| (which, row)));
    }
    Ok(saved)
}

/// What a script has to say of it: the rows of indexes that are gone.
fn forget_statistics(
    db: &mut dyn Database,
    state: &TableState,
    draft: &Draft,
    before: &Inventory,
) -> Result<()> {
    let is_gone = |index: &&Object| !draft.indexes.iter().any(|left| same_name(&left.name, &index.name));
    for index in state.indexes.iter().filter(is_gone) {
        for which in before.statistics_tables() {
            let sql = format!(
                "DELETE FROM {}.{which} WHERE tbl = {} COLLATE NOCASE AND idx = {} COLLATE NOCASE",
                quote(&state.schema),
                literal(&state.table.name),
                literal(&index.name)
            );
            // A folder that runs ANALYZE has made this one everywhere; the others depend on the build.
            if which == "sqlite_stat1" {
                db.execute(&sql)?
            } else {
                db.probe(|db| db.execute(&sql))?
            };
        }
    }
    Ok(())
}

fn restore_statistics(
    db: &mut dyn Database,
    state: &TableState,
    draft: &Draft,
    saved: &Statistics,
) -> Result<()> {
    let schema = quote(&state.schema);
    let name = state.table.name.as_str();
    let mut cleared = Vec::new();
    for (which, row) in saved {
        if !cleared.contains(which) {
            let sql = format!("DELETE FROM {schema}.{which} WHERE tbl = ?1 COLLATE NOCASE");
            db.query(&sql, &[name.into()], &mut |_| Ok(()))?;
            cleared.push(*which);
        }
        let of = match &row[1] {
            Value::Text(index) => index.as_str(),
            _ => name,
        };
        // Statistics of an index that is gone go with it.
        let there = same_name(of, name)
            || of.starts_with("sqlite_autoindex_")
            || draft.indexes.iter().any(|index| same_name(&index.name, of));
        if there {
            let marks: Vec<String> = (1..=row.len()).map(|n| format!("?{n}")).collect();
            let sql = format!("INSERT INTO {schema}.{which} VALUES ({})", marks.join(", "));
            db.query(&sql, row, &mut |_| Ok(()))?;
        }
    }
    Ok(())
}
