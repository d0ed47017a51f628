//! The rebuild of a table, run: counters, statistics and rows that break a CHECK already are kept.

use super::copy;
use super::{Purpose, Run, counted};
use crate::alter::{Draft, Preparation, Rebuild, Source, TableState};
use crate::db::{Database, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::proof::Inventory;
use crate::schema::{ColumnRule, TableRule};
use crate::sql::{quote, same_name};

/// Rebuilds the table and answers how many rows were copied.
pub(super) fn rebuild(
    run: &mut Run<'_, '_>,
    state: &TableState,
    draft: &Draft,
    before: &Inventory,
) -> Result<u64> {
    let name = &state.table.name;
    if run.foreign_keys_on {
        return Err(Error::new(
            ErrorKind::TransactionOpen,
            format!("table {name} would have to be rebuilt while foreign_keys is on and cannot be switched off here"),
        )
        .with_hint("commit before calling limbeck: inside a transaction DROP TABLE would delete the rows of its children"));
    }
    if run.version < 3_033_000 {
        return Err(Error::new(ErrorKind::SqliteTooOld, "rebuilding a table needs SQLite 3.33 or newer"));
    }
    let plan = Rebuild::new(state, draft)?;
    let schema = quote(&state.schema);
    let table = format!("{schema}.{}", quote(name));
    let of = copy::count(run, &table)?;
    let children = children_rows(run, state)?;
    // A script cannot know the rows; where the table is renamed away, they stay by themselves.
    let statistics = match run.options.purpose {
        Purpose::Script => Vec::new(),
        Purpose::Live | Purpose::Plan => saved_statistics(run.db, state, before)?,
    };
    let lax = ignore_old_violations(run, state, draft)?;
    for statement in &plan.drop_triggers {
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
    let rows = copy::rows(run, name, &plan.copy, of)?;
    warn_of_losses(run, state, &plan)?;
    for statement in &plan.counter {
        run.execute(statement)?;
    }
    run.execute(&plan.drop_old)?;
    run.db.execute("PRAGMA legacy_alter_table = 0")?;
    for (at, statement) in plan.indexes.iter().enumerate() {
        run.tell(&Event::Indexing { table: name, index: at + 1, of: plan.indexes.len() })?;
        run.execute(statement)?;
    }
    restore_statistics(run.db, state, draft, &statistics)?;
    for statement in &plan.triggers {
        run.execute(statement)?;
    }
    if lax {
        run.db.execute("PRAGMA ignore_check_constraints = 0")?;
    }
    if plan.copy.rowid.is_none() {
        run.watch.renumber(name);
    }
    if children_rows(run, state)? != children {
        return Err(Error::new(
            ErrorKind::ProofFailed,
            format!("rebuilding table {name} would have changed rows of the tables that refer to it"),
        )
        .with_hint("report this: nothing was changed"));
    }
    Ok(rows)
}

/// The row counts of the tables that an action of a foreign key could reach.
fn children_rows(run: &mut Run<'_, '_>, state: &TableState) -> Result<Vec<u64>> {
    let acting =
        state.children.iter().filter(|child| child.acts && !same_name(&child.table, &state.table.name));
    acting
        .map(|child| copy::count(run, &format!("{}.{}", quote(&state.schema), quote(&child.table))))
        .collect()
}

/// Rows that break a CHECK already would stop the copy, although nothing about them changes: then
/// they are copied as they are, and said.
fn ignore_old_violations(run: &mut Run<'_, '_>, state: &TableState, draft: &Draft) -> Result<bool> {
    let table = &state.table;
    let columns = table.columns.iter().flat_map(|column| &column.constraints).filter_map(|c| match &c.rule {
        ColumnRule::Check(span) => Some(table.text(span)),
        _ => None,
    });
    let constraints = table.constraints.iter().filter_map(|c| match &c.rule {
        TableRule::Check(span) => Some(table.text(span)),
        _ => None,
    });
    let checks: Vec<String> = columns.chain(constraints).map(|check| format!("NOT {check}")).collect();
    if checks.is_empty() {
        return Ok(false);
    }
    let sql = format!(
        "SELECT count(*) FROM {}.{} NOT INDEXED WHERE {}",
        quote(&state.schema),
        quote(&table.name),
        checks.join(" OR ")
    );
    let broken = run.db.integer(&sql, &[])?.unwrap_or(0);
    if broken == 0 {
        return Ok(false);
    }
    let unchanged = draft.sources.iter().all(|source| matches!(source, Source::Column(_) | Source::Default));
    if !unchanged {
        return Err(Error::new(
            ErrorKind::RowsBreakRule,
            format!("{} of table {} break a CHECK already", counted(broken as u64, "row"), table.name),
        )
        .with_hint("repair those rows before values are converted"));
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
fn warn_of_losses(run: &mut Run<'_, '_>, state: &TableState, plan: &Rebuild) -> Result<()> {
    let Some((to, from)) = &plan.copy.rowid else { return Ok(()) };
    for (new, old) in &plan.copy.converted {
        // The unary plus takes the affinity away, which would make '007' equal 7.
        let sql = format!(
            "SELECT count(*) FROM {} AS o JOIN {} AS n ON n.{to} = o.{from} \
             WHERE +n.{new} IS NOT +o.{old} AND CAST(n.{new} AS TEXT) IS NOT CAST(o.{old} AS TEXT)",
            plan.copy.from, plan.copy.to
        );
        let lost = run.db.integer(&sql, &[])?.unwrap_or(0);
        if lost > 0 {
            let table = &state.table.name;
            run.warnings.push(format!(
                "spelt otherwise in the new type: {} of {table}.{new}",
                counted(lost as u64, "value")
            ));
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
