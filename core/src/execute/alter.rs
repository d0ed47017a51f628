//! One `ALTER TABLE` on a live database: look, choose the way, do it, prove that nothing else changed.

use super::copy;
use super::{Run, counted};
use crate::alter::{
    Action, Alteration, Capabilities, Choice, Draft, Preparation, Rebuild, Rule, Source, TableState, choose,
    new_rules,
};
use crate::db::{Database, Value};
use crate::dependents::Broken;
use crate::error::{Error, ErrorKind, Result, Violation};
use crate::event::Event;
use crate::inspect;
use crate::proof::{Change, Inventory};
use crate::report::{AlterationReport, Way};
use crate::schema::{ColumnRule, TableDef, TableRule};
use crate::sql::{quote, same_name};

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
    let can = Capabilities { version: run.version, sound: broken.is_empty(), rebuild: run.options.rebuild };
    let (draft, choice) = choose(state, actions, can)?;
    if choice == Choice::Nothing {
        return Ok(None);
    }
    let rules = new_rules(state, &draft, actions);
    refuse_broken_rows(run.db, state, &rules)?;
    run.watch.touch(run.db, touched(state, &draft))?;
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
                rename_statistics(run.db, &state.schema, &before, from, to)?;
            }
            AlterationReport { table: name.clone(), way: Way::Native, why: None, rows: 0 }
        }
        Choice::Rebuild(why) => {
            let rows = rebuild(run, state, &draft, &before)?;
            AlterationReport { table: name.clone(), way: Way::Rebuild, why: Some(why), rows }
        }
    };
    Inventory::read(run.db, &state.schema)?.prove(&before, &change)?;
    let after_name =
        if change.table_renamed { change.renamed.as_ref().map_or(name, |(_, to)| to) } else { name };
    Broken::find(run.db, &state.schema, after_name)?.nothing_new_since(&broken, name)?;
    run.warnings.extend(draft.warnings);
    Ok(Some(report))
}

/// SQLite's own refusal of an ALTER, in limbeck's terms.
fn explained(error: Error) -> Error {
    let text = error.to_string();
    if text.contains(" after drop column: ") {
        return Error::new(ErrorKind::StillNeeded, text)
            .with_hint("drop that view or trigger before the ALTER TABLE, and create it anew after it");
    }
    error
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

/// Tables whose rows could be left without a parent by the change of a definition.
fn touched(state: &TableState, draft: &Draft) -> Vec<String> {
    let (old, new) = (&state.table, &draft.table);
    let keeps = |column: &str| {
        new.position(column)
            .is_none_or(|at| matches!(&draft.sources[at], Source::Column(from) if same_name(from, column)))
    };
    let keys = foreign_keys(new);
    let mut tables = Vec::new();
    if keys != foreign_keys(old)
        || !keys.iter().all(|(columns, _)| columns.iter().all(|column| keeps(column)))
    {
        tables.push(old.name.clone());
    }
    let unique_same = unique_keys(old) == unique_keys(new) && old.primary_key() == new.primary_key();
    for child in &state.children {
        let columns: Vec<&str> = match child.columns.is_empty() {
            true => old.primary_key(),
            false => child.columns.iter().map(String::as_str).collect(),
        };
        if !unique_same || !columns.iter().all(|column| keeps(column)) {
            tables.push(child.table.clone());
        }
    }
    tables
}

/// A table's own foreign keys: (columns, what the constraint says).
fn foreign_keys(table: &TableDef) -> Vec<(Vec<String>, String)> {
    let columns = table.columns.iter().flat_map(|column| {
        let references = column.constraints.iter().filter(|c| matches!(c.rule, ColumnRule::References(_)));
        references.map(|c| (vec![column.name.clone()], table.text(&c.span).to_owned()))
    });
    let constraints = table.constraints.iter().filter_map(|c| match &c.rule {
        TableRule::ForeignKey { columns, .. } => Some((columns.clone(), table.text(&c.span).to_owned())),
        _ => None,
    });
    columns.chain(constraints).collect()
}

/// What makes a column fit to be a parent: UNIQUE constraints, types and collations of all columns.
fn unique_keys(table: &TableDef) -> Vec<String> {
    let columns = table.columns.iter().flat_map(|column| {
        let rules = column.constraints.iter().filter(|c| {
            matches!(c.rule, ColumnRule::Unique | ColumnRule::PrimaryKey { .. } | ColumnRule::Collate(_))
        });
        rules.map(|c| format!("{} {}", column.name, table.text(&c.span)))
    });
    let constraints = table.constraints.iter().filter_map(|c| match c.rule {
        TableRule::Unique(_) | TableRule::PrimaryKey { .. } => Some(table.text(&c.span).to_owned()),
        _ => None,
    });
    columns.chain(constraints).collect()
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

/// Rebuilds the table and answers how many rows were copied.
fn rebuild(run: &mut Run<'_, '_>, state: &TableState, draft: &Draft, before: &Inventory) -> Result<u64> {
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
    let statistics = saved_statistics(run.db, state, before)?;
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
    run.execute(&plan.drop_old)?;
    run.db.execute("PRAGMA legacy_alter_table = 0")?;
    for (at, statement) in plan.indexes.iter().enumerate() {
        run.tell(&Event::Indexing { table: name, index: at + 1, of: plan.indexes.len() })?;
        run.execute(statement)?;
    }
    restore_counter(run.db, state, draft, before)?;
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

/// The copy has set the counter to the greatest rowid; what was given out before counts as well.
fn restore_counter(
    db: &mut dyn Database,
    state: &TableState,
    draft: &Draft,
    before: &Inventory,
) -> Result<()> {
    if !draft.table.autoincrement() || !state.table.autoincrement() {
        return Ok(());
    }
    let sequence = format!("{}.sqlite_sequence", quote(&state.schema));
    let name = state.table.name.as_str();
    db.query(&format!("DELETE FROM {sequence} WHERE name = ?1 COLLATE NOCASE"), &[name.into()], &mut |_| {
        Ok(())
    })?;
    if let Some(seq) = before.sequences.get(&name.to_ascii_lowercase()) {
        let sql = format!("INSERT INTO {sequence}(name, seq) VALUES (?1, ?2)");
        db.query(&sql, &[name.into(), (*seq).into()], &mut |_| Ok(()))?;
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
