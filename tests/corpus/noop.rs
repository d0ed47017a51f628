//! Every table is rebuilt, up and down, and nothing else changes: the text least of all.

use limbeck::sql::{literal, quote};
use limbeck::{Migrator, RebuildMode, Report, Way};
use rusqlite::Connection;

use crate::dump::{Dump, Object, strings};
use crate::subject::{Filled, each, ordinary_tables};
use crate::tally::{End, Tally};

#[test]
fn every_table_is_rebuilt_whole() {
    if let Some(tally) = each(examine) {
        tally.finish("rebuilds up and down");
    }
}

/// Rebuilds each table of a schema.
fn examine(filled: &Filled<'_>, tally: &mut Tally) {
    let mut db = filled.open("noop", "MEMORY");
    let tables = ordinary_tables(&db);
    let mut before = Dump::take(&db);
    tally.tables += tables.len();
    tally.rows += before.rows;
    for (number, table) in tables.iter().enumerate() {
        for probe in probes(&db, table) {
            tally.tried += 1;
            let name = &filled.subject.name;
            let what = format!("{name} {table}, foreign_keys {}: {}", probe.keys, probe.up);
            match round_trip(&mut db, &probe, number, table, &before) {
                Ok(()) => tally.whole += 1,
                Err(End::Refused(code, message)) => tally.refuse(code, format!("{what}: {message}")),
                Err(End::Failed(why)) => {
                    tally.failures.push(format!("{what}: {why}"));
                    drop(db);
                    db = filled.open("noop", "MEMORY");
                    before = Dump::take(&db);
                }
            }
        }
    }
}

/// A change that needs a rebuild and takes nothing away.
struct Probe {
    keys: &'static str,
    up: String,
    down: String,
    /// Whether the columns stay the same.
    same_columns: bool,
}

fn probes(db: &Connection, table: &str) -> Vec<Probe> {
    let free = strings(
        db,
        &format!(
            "SELECT name FROM pragma_table_xinfo({}, 'main') WHERE hidden = 0 AND dflt_value IS NULL",
            literal(table)
        ),
    );
    let mut probes = Vec::new();
    let table = format!("main.{}", quote(table));
    // The first column and the last one: what surrounds them in the text differs.
    for (keys, column) in [("ON", free.first()), ("OFF", free.last())] {
        let Some(column) = column.map(|column| quote(column)) else { continue };
        probes.push(Probe {
            keys,
            up: format!("ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT 1"),
            down: format!("ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT"),
            same_columns: true,
        });
    }
    probes.push(Probe {
        keys: "ON",
        up: format!("ALTER TABLE {table} ADD COLUMN limbeck_probe INT"),
        down: format!("ALTER TABLE {table} DROP COLUMN limbeck_probe"),
        same_columns: false,
    });
    probes
}

fn round_trip(
    db: &mut Connection,
    probe: &Probe,
    number: usize,
    table: &str,
    before: &Dump,
) -> Result<(), End> {
    db.execute_batch(&format!("PRAGMA foreign_keys = {}", probe.keys)).expect("a pragma is set");
    let migrations = [(
        format!("r{number}_{}_{}.sql", probe.keys.to_lowercase(), u8::from(probe.same_columns)),
        format!("-- migrate:up\n{};\n-- migrate:down\n{};\n", probe.up, probe.down),
    )];
    let mut migrator = Migrator::new(&migrations).expect("the script is read").rebuild(RebuildMode::Always);

    let report = outcome(migrator.upgrade(db, "head"), db, before, "up")?;
    rebuilt(&report)?;
    let after = Dump::take(db);
    is_with(&after, before, table, probe.same_columns).map_err(|why| End::Failed(format!("up: {why}")))?;

    let report = outcome(migrator.downgrade(db, "base"), db, &after, "down")?;
    rebuilt(&report)?;
    match before.difference(&Dump::take(db)) {
        None => Ok(()),
        Some(why) => Err(End::Failed(format!("down: {why}"))),
    }
}

/// A run's report; or its refusal, which must have changed nothing.
fn outcome(
    result: limbeck::Result<Report>,
    db: &Connection,
    before: &Dump,
    way: &str,
) -> Result<Report, End> {
    let error = match result {
        Ok(report) => return Ok(report),
        Err(error) => error,
    };
    if let Some(why) = before.difference(&Dump::take(db)) {
        return Err(End::Failed(format!("{way}: {error}, and something has changed: {why}")));
    }
    if error.code().starts_with("alter.") || error.code().starts_with("proof.") {
        return Err(End::Refused(format!("{way} {}", error.code()), error.to_string()));
    }
    Err(End::Failed(format!("{way}: {error}")))
}

fn rebuilt(report: &Report) -> Result<(), End> {
    let ways: Vec<Way> =
        report.steps.iter().flat_map(|step| step.alterations.iter().map(|a| a.way)).collect();
    if ways == [Way::Rebuild] { Ok(()) } else { Err(End::Failed(format!("no rebuild: {ways:?}"))) }
}

/// Errors: what differs from `before`, but for one insertion into the text of a table.
fn is_with(after: &Dump, before: &Dump, table: &str, same_columns: bool) -> Result<(), String> {
    let mut expected = before.clone();
    let key = ("main".to_owned(), "table".to_owned(), table.to_owned());
    let new = after.text(table).to_owned();
    let old = before.text(table);
    let text = if same_columns { "DEFAULT 1" } else { "limbeck_probe INT" };
    if !is_inserted(old, &new, text) {
        return Err(format!("more than {text} was put into the text:\n{old}\n{new}"));
    }
    expected.objects.insert(key, Object { table: table.to_owned(), sql: new });
    if !same_columns {
        let content = expected.contents.get_mut(&format!("main.{table}")).ok_or("no content")?;
        content.columns.push("limbeck_probe".to_owned());
        content.rows.iter_mut().for_each(|row| row.push_str(" null:NULL"));
        content.rows.sort();
    }
    expected.difference(after).map_or(Ok(()), Err)
}

/// Whether `new` is `old` with one piece of text put in; a comment may stand between a comma and it.
fn is_inserted(old: &str, new: &str, text: &str) -> bool {
    let one_piece = |old: &str, new: &str| {
        let same = |(a, b): &(u8, u8)| a == b;
        let head = old.bytes().zip(new.bytes()).take_while(same).count();
        head + old.bytes().rev().zip(new.bytes().rev()).take_while(same).count() >= old.len()
    };
    let solid = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let (was, is) = (solid(old), solid(new));
    let comma = is.len() == was.len() + solid(text).len() + 1;
    if !new.contains(text) || !(comma || is.len() + 1 == was.len() + solid(text).len() + 1) {
        return false;
    }
    let rest = || solid(&new.replacen(text, "", 1));
    one_piece(old, new) || (comma && one_piece(&was, &rest()))
}
