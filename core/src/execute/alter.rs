//! One `ALTER TABLE` on a live database: look, choose the way, do it, prove that nothing else changed.

use std::collections::VecDeque;
use std::sync::Arc;

use super::anew::{self, anew};
use super::cascade::{self, drop_dependents, release_children, still_needed};
use super::in_place::{self, Outcome, in_place};
use super::portable;
use super::rebuild::rebuild;
use super::rules::refuse_broken_rows;
use super::watched::Watched;
use super::{Purpose, Run, virtual_table};
use crate::alter::{
    Action, Alteration, Capabilities, Choice, Draft, OTHER_NAME, RebuildMode, TableState, choose,
    independent, rebuild_refused, touched,
};
use crate::db::Database;
use crate::dependents::{Broken, Unsure, drop_column_keeps, needing};
use crate::error::{Error, ErrorKind, Result};
use crate::inspect::is_reserved;
use crate::proof::{Change, Inventory};
use crate::report::{AlterationReport, Way};
use crate::schema::{Object, ObjectKind};
use crate::sql::{quote, same_name};

/// Runs all groups of an alteration, each looked at anew after the one before.
pub(super) fn run(run: &mut Run<'_, '_>, alteration: &Alteration) -> Result<Vec<AlterationReport>> {
    let schema = alteration.schema.as_deref().unwrap_or("main");
    if !["main", "temp"].iter().any(|own| same_name(own, schema))
        && !run
            .db
            .any("SELECT 1 FROM pragma_database_list WHERE name = ?1 COLLATE NOCASE", &[schema.into()])?
    {
        if alteration.if_exists {
            return Ok(Vec::new());
        }
        return Err(Error::new(ErrorKind::UnknownTable, format!("there is no schema {schema}"))
            .with_hint("leave the schema out, or attach the database before the run"));
    }
    let mut table = alteration.table.clone();
    let mut reports = Vec::new();
    let mut groups = VecDeque::from(alteration.groups());
    while let Some(mut group) = groups.pop_front() {
        let mut before = run.inventory(schema)?;
        if let Some(report) = virtual_table::rename(run, &before, schema, &table, &group)? {
            reports.push(report);
            table = renamed(&group).unwrap_or(table);
            continue;
        }
        let Some(state) = run.table(&before, schema, &table)? else {
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
        let mut state = state;
        if !released.is_empty() {
            before = run.inventory(schema)?;
            state = run.table(&before, schema, &table)?.unwrap_or(state);
        }
        reports.extend(released);
        reports.extend(one_group(run, &state, &group, before)?);
        table = renamed(&group).unwrap_or(table);
    }
    Ok(reports)
}

/// The table's name after a group that gives it another.
fn renamed(group: &[Action]) -> Option<String> {
    match group {
        [Action::RenameTable { to }] => Some(to.clone()),
        _ => None,
    }
}

fn unknown(db: &mut dyn Database, schema: &str, table: &str) -> Result<Error> {
    let error = Error::new(ErrorKind::UnknownTable, format!("there is no table {table}"));
    // SQLite looks for a name in temp first, then in main, then in what is attached. An ALTER that did so would change
    // another table wherever a connection happens to have one of that name.
    for other in db.texts("SELECT name FROM pragma_database_list", &[])? {
        if db.has_table(&other, table)? {
            return Ok(error.with_hint(format!(
                "write {}.{} for the one there",
                quote(&other),
                quote(table)
            )));
        }
    }
    let sql = format!("SELECT name FROM {}.sqlite_master WHERE type = 'table' ORDER BY name", quote(schema));
    let mut there = db.texts(&sql, &[])?;
    there.retain(|name| !is_reserved(name));
    there.truncate(12);
    Ok(match &there[..] {
        [] => error,
        names => error.with_hint(format!("name one of: {}", names.join(", "))),
    })
}

pub(super) fn one_group(
    run: &mut Run<'_, '_>,
    state: &TableState,
    actions: &[Action],
    before: Inventory,
) -> Result<Option<AlterationReport>> {
    let name = &state.table.name;
    let drops = actions.iter().filter(|action| matches!(action, Action::DropColumn { .. })).count();
    let find = |db: &mut dyn Database| Broken::find(db, &before.objects, &state.schema, name);
    let broken = if drops > 0 { Some(find(run.db)?) } else { None };
    let unsure = match &broken {
        Some(broken) => unsure(run.db, state, actions, &before, broken)?,
        None => Unsure::default(),
    };
    let can = Capabilities {
        version: portable::sqlite_version(run),
        sound: match &broken {
            Some(broken) => broken.is_empty() && drop_column_keeps(run.db, state)?,
            None => true,
        },
        edit: in_place::may_edit(run)?,
        rebuild: run.options.rebuild,
    };
    if let [Action::RenameTable { to }] = actions
        && let Some(there) = having_name(&before.objects, &state.schema, to)
        && !same_name(&there.name, name)
    {
        let message = format!("there is already {}", there.title());
        return Err(Error::new(ErrorKind::AlreadyExists, message).with_hint(OTHER_NAME));
    }
    let (draft, choice) = choose(state, actions, can)?;
    if choice == Choice::Nothing {
        run.known.unchanged(&state.schema, before);
        return Ok(None);
    }
    let anew = match choice {
        Choice::Native(_) => anew::planned(run, state, &draft, actions, &before)?,
        Choice::Nothing | Choice::InPlace(_) | Choice::Rebuild(_) => None,
    };
    let broken = match broken {
        Some(broken) => broken,
        // It holds no expression, and nothing looks at it: whatever does not compile afterwards has compiled.
        None if anew.is_some() && !before.has_dependents() => Broken::default(),
        None => find(run.db)?,
    };
    // Without rows none breaks a rule.
    if run.options.purpose == Purpose::Live && anew.is_none() {
        refuse_broken_rows(&mut run.watched(), state, &draft)?;
        if state.table.autoincrement() && !draft.table.autoincrement() {
            warn_of_counter(run, state)?;
        }
    }
    run.watch.touch(&mut Watched { db: run.db, listener: run.listener }, touched(state, &draft))?;
    portable::note_keys(run)?;
    let before = match run.options.purpose {
        // What a script notes for its checks stands in `temp` too.
        Purpose::Script => Inventory::read(run.db, &state.schema)?,
        Purpose::Live | Purpose::Plan => before,
    };
    let mut change = change(state, &draft, actions, &choice);
    // With it on, DROP COLUMN does not stop at the first view or trigger that needs the column:
    // limbeck finds all of them.
    run.db.execute(&format!("PRAGMA legacy_alter_table = {}", i32::from(drops > 0)))?;
    let mut dropped = Vec::new();
    let mut release = |run: &mut Run<'_, '_>| -> Result<()> {
        dropped.extend(drop_dependents(run, state, &draft, actions, &broken, &unsure)?);
        Ok(())
    };
    let report = match choice {
        Choice::Native(statements) => {
            let between = (drops > 1).then_some(&mut release as &mut Release<'_>);
            native(run, state, &statements, anew, between)?
        }
        choice => carry_out(run, state, &draft, choice, &before)?,
    };
    run.db.execute("PRAGMA legacy_alter_table = 0")?;
    if let (Some((from, to)), true) = (&change.renamed, change.table_renamed) {
        run.watch.rename(from, to);
        rename_statistics(run, &state.schema, &before, from, to)?;
    }
    release(run)?;
    cascade::warn(run, state, &draft, actions, &dropped);
    change.dropped.extend(dropped);
    let mut after = Inventory::read_since(run.db, &state.schema, &before.objects)?;
    // A new name that differs in case only says the same, too.
    if report.way == Way::Native && change.renamed.is_none() {
        in_place::keep_comments(run, state, &draft, &mut after)?;
    }
    after.prove(&before, &change)?;
    let after_name =
        if change.table_renamed { change.renamed.as_ref().map_or(name, |(_, to)| to) } else { name };
    Broken::find(run.db, &after.objects, &state.schema, after_name)?.nothing_new_since(&broken, name)?;
    run.known.altered(&state.schema, after, &draft.table);
    run.warnings.extend(draft.warnings);
    Ok(Some(report))
}

/// A counter that goes with AUTOINCREMENT, and is above all ids: made anew, it would give some of them a second time.
fn warn_of_counter(run: &mut Run<'_, '_>, state: &TableState) -> Result<()> {
    let key = state.table.rowid_alias().map(|at| quote(&state.table.columns[at].name));
    let Some(key) = key else { return Ok(()) };
    let sql = format!(
        "SELECT CAST(seq AS INTEGER) FROM {}.sqlite_sequence WHERE name = ?1 COLLATE NOCASE \
         AND seq > (SELECT coalesce(max({key}), 0) FROM {})",
        quote(&state.schema),
        state.qualified()
    );
    if let Some(counter) = run.db.integer(&sql, &[state.table.name.as_str().into()])? {
        run.warnings.push(format!(
            "dropped with AUTOINCREMENT of {}: its counter, {counter}, which is above every {key}",
            state.table.name
        ));
    }
    Ok(())
}

/// What may need the columns that are to be dropped, and does not compile as it is.
fn unsure(
    db: &mut dyn Database,
    state: &TableState,
    actions: &[Action],
    before: &Inventory,
    broken: &Broken,
) -> Result<Unsure> {
    let mut concerned = needing(&before.objects, &state.table.name);
    concerned.retain(|object| {
        let may_need = |action: &Action| match action {
            // Of views that go along others may need the rest.
            Action::DropColumn { column, cascade, .. } => *cascade || object.mentions(column),
            _ => false,
        };
        actions.iter().any(may_need)
    });
    Unsure::find(db, &before.objects, &concerned, (&state.schema, &state.table.name), broken)
}

/// What has the name among a schema's tables, indexes and views, which share theirs.
fn having_name<'o>(objects: &'o [Arc<Object>], schema: &str, name: &str) -> Option<&'o Arc<Object>> {
    let mut named = objects.iter().filter(|object| same_name(&object.name, name));
    named.find(|object| object.kind != ObjectKind::Trigger && object.schema == schema)
}

/// Drops what needs a column that is gone by now.
type Release<'d> = dyn FnMut(&mut Run<'_, '_>) -> Result<()> + 'd;

/// SQLite's own way, or one that comes to the same where the table has no rows. It drops no column beside a view or
/// trigger that does not compile: `between` the statements these have to go.
fn native(
    run: &mut Run<'_, '_>,
    state: &TableState,
    statements: &[String],
    made_anew: Option<Vec<String>>,
    mut between: Option<&mut Release<'_>>,
) -> Result<AlterationReport> {
    let done = made_anew.map_or(Ok(false), |statements| anew(run, &statements))?;
    for (at, statement) in statements.iter().enumerate().filter(|_| !done) {
        run.execute(statement).map_err(explained)?;
        if let Some(release) = between.as_mut().filter(|_| at + 1 < statements.len()) {
            release(run)?;
        }
    }
    Ok(AlterationReport { table: state.table.name.clone(), way: Way::Native, why: None, rows: 0 })
}

/// Goes the way that was chosen; where the rows do not allow an edit in place, rebuilds.
fn carry_out(
    run: &mut Run<'_, '_>,
    state: &TableState,
    draft: &Draft,
    choice: Choice,
    before: &Inventory,
) -> Result<AlterationReport> {
    let table = state.table.name.clone();
    let why = match choice {
        Choice::Nothing | Choice::Native(_) => String::new(),
        Choice::InPlace(plan) => match in_place(run, state, draft, &plan)? {
            Outcome::Done(rows) => {
                return Ok(AlterationReport { table, way: Way::InPlace, why: Some(plan.why), rows });
            }
            Outcome::Refused(why) => format!("{}; {why}", plan.why),
        },
        Choice::Rebuild(why) => why,
    };
    if run.options.rebuild == RebuildMode::Never {
        return Err(rebuild_refused(&table, &why));
    }
    portable::check_table(run, state)?;
    let rows = rebuild(run, state, draft, before)?;
    Ok(AlterationReport { table, way: Way::Rebuild, why: Some(why), rows })
}

/// SQLite's own refusal of an ALTER, in limbeck's terms.
pub(super) fn explained(error: Error) -> Error {
    // Where the schema is not trusted, it would compile if it were.
    if error.kind() != ErrorKind::StatementFailed {
        return error;
    }
    let text = error.to_string();
    if text.contains(" after drop column: ") {
        return still_needed(text);
    }
    if text.starts_with("error in view ") || text.starts_with("error in trigger ") {
        let hint = match text.contains(" after rename: ") {
            true => "drop it before the ALTER TABLE, and create it anew after it, by the new name",
            false => "repair or drop it first: SQLite renames nothing while it does not compile",
        };
        return Error::new(ErrorKind::DependentBroken, text).with_hint(hint);
    }
    error
}

/// What the plan says will be different.
fn change(state: &TableState, draft: &Draft, actions: &[Action], choice: &Choice) -> Change {
    let mut change = Change {
        schema: state.schema.clone(),
        table: state.table.name.clone(),
        columns: draft.table.columns.iter().map(|column| column.name.clone()).collect(),
        text: draft.table.sql.clone(),
        exact: matches!(choice, Choice::Rebuild(_) | Choice::InPlace(_)),
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

/// SQLite leaves the rows of ANALYZE under the old name: the table's, that of the automatic indexes,
/// and that of the key of a WITHOUT ROWID table, which is called like the table.
fn rename_statistics(
    run: &mut Run<'_, '_>,
    schema: &str,
    before: &Inventory,
    from: &str,
    to: &str,
) -> Result<()> {
    for which in before.statistics_tables() {
        let sql = format!(
            "UPDATE {}.{which} SET tbl = ?1, idx = CASE WHEN lower(idx) = lower(?2) THEN ?1 \
             WHEN instr(lower(idx), 'sqlite_autoindex_' || lower(?2) || '_') = 1 \
             THEN 'sqlite_autoindex_' || ?1 || substr(idx, length(?2) + 18) ELSE idx END \
             WHERE tbl = ?2 COLLATE NOCASE",
            quote(schema)
        );
        let params = [to.into(), from.into()];
        let rename = |db: &mut dyn Database| db.query(&sql, &params, &mut |_| Ok(()));
        // A folder that runs ANALYZE has made this one everywhere; the others depend on the build.
        if which == "sqlite_stat1" { rename(run.db)? } else { run.db.probe(rename)? }
    }
    Ok(())
}

#[cfg(all(test, feature = "rusqlite"))]
mod tests {
    use rusqlite::Connection;

    use crate::{ErrorKind, Migrator};

    #[test]
    fn what_a_rename_would_break_is_not_broken_yet() {
        for (view, hint) in [
            ("CREATE VIEW w AS SELECT a FROM v", "drop it before"),
            ("CREATE VIEW w AS SELECT zz FROM v", "repair or drop it first"),
        ] {
            let mut db = Connection::open_in_memory().unwrap();
            let first = format!("CREATE TABLE t(a, b); CREATE VIEW v AS SELECT * FROM t; {view}");
            let files = [("1.sql", first.as_str()), ("2.sql", "ALTER TABLE t RENAME a TO c")];
            let error = Migrator::new(files).unwrap().upgrade(&mut db, "head").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::DependentBroken);
            assert!(error.hint().is_some_and(|found| found.starts_with(hint)), "{error:?}");
        }
    }

    #[test]
    fn a_table_of_another_schema_is_pointed_at() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TEMP TABLE t(a); ATTACH ':memory:' AS other; CREATE TABLE other.u(a)")
            .unwrap();
        for (table, hint) in
            [("t", "write temp.t for the one there"), ("u", "write other.u for the one there")]
        {
            let sql = format!("ALTER TABLE {table} ADD b");
            let error =
                Migrator::new([("1.sql", sql.as_str())]).unwrap().upgrade(&mut db, "head").unwrap_err();
            assert_eq!((error.kind(), error.hint()), (ErrorKind::UnknownTable, Some(hint)));
        }
        let sql = "ALTER TABLE temp.t ADD b; ALTER TABLE other.u ADD b";
        Migrator::new([("1.sql", sql)]).unwrap().upgrade(&mut db, "head").unwrap();
        db.execute_batch("SELECT b FROM t; SELECT b FROM u").unwrap();
    }
}
