//! The conformance suite: plain files, which every driver of limbeck runs. See conformance/README.md.
//!
//! `LIMBECK_BLESS=1 cargo test -p limbeck-tests --test conformance` writes what is found instead of
//! comparing it; an expected error is never written, and never turned into a success. With
//! `LIMBECK_CASE=format/` only cases run whose folder has that in its name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use limbeck::{
    Direction, Error, ErrorKind, Migrator, NewerDatabase, RebuildMode, Side, TransactionMode, diff,
};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[path = "conformance/texts.rs"]
mod texts;

use texts::texts;

/// `case.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    options: Options,
    steps: Vec<Step>,
}

/// How the migrator is set.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rebuild: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transaction: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app_version: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    keep_user_version: bool,
}

impl Options {
    fn is_empty(&self) -> bool {
        *self == Options::default()
    }
}

/// One call, and what comes of it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    run: String,
    /// Another folder of the case than `migrations`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    migrations: Option<String>,
    /// What an older app does with a newer database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    newer_database: Option<NewerDatabase>,
    /// How two schemas are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    compare: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expect: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    violations: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    newer: Option<Value>,
    /// What an error leaves committed; without it, an error leaves nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    report: Option<Value>,
}

#[test]
fn conformance() {
    let cases = folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/cases"));
    let mut cases: Vec<PathBuf> = cases.iter().flat_map(|area| folder(area)).collect();
    let only = std::env::var("LIMBECK_CASE").unwrap_or_default();
    cases.retain(|path| name(path).contains(&only));
    assert!(!cases.is_empty(), "no case has '{only}' in its name");
    let bless = std::env::var_os("LIMBECK_BLESS").is_some_and(|value| value == "1");
    let mut failures = Vec::new();
    let mut record = format!("{}\n", json!({"surface": "Rust", "sqlite": rusqlite::version()}));
    for path in &cases {
        let name = name(path);
        let mut told = json!({"case": name, "steps": []});
        let mut found = run(path, bless, &mut told);
        if found.is_empty() {
            found = run_rebuilding(path, false);
            found.extend(run_rebuilding(path, true));
        }
        record += &format!("{told}\n");
        failures.extend(found.into_iter().map(|what| format!("{name}/{what}")));
    }
    if only.is_empty() {
        let records = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/conformance");
        fs::create_dir_all(&records).unwrap();
        fs::write(records.join(format!("rust-{}.jsonl", rusqlite::version())), record).unwrap();
    }
    let count = failures.len();
    assert!(
        failures.is_empty(),
        "{} cases, {count} failures (LIMBECK_BLESS=1 writes what is found, but no error):\n\n{}",
        cases.len(),
        failures.join("\n\n")
    );
}

/// `area/case`
fn name(path: &Path) -> String {
    let parts: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
    format!("{}/{}", parts[1], parts[0])
}

/// The codes that no case can end with, and why.
const BEYOND: &[(&str, &str)] = &[
    ("alter.sqlite_too_old", "the SQLite that rusqlite bundles has what every change needs"),
    ("database.cannot_open", "the database of a case is in memory"),
    ("database.not_a_database", "conformance/files ends with it"),
    ("database.locked", "a case has one connection"),
    ("database.corrupt", "conformance/files ends with it"),
    ("database.io", "the database of a case is in memory"),
    ("database.contract", "each driver's backend is tested by db::contract"),
    ("script.unreadable", "a driver hands texts over, not a folder"),
    ("script.cannot_write", "no call of a case writes a file"),
    ("script.body_is_code", "the revisions of a case are files"),
    ("script.code_failed", "the revisions of a case are files"),
    ("history.nothing_to_adopt", "adopt is not among the calls of a case"),
    ("run.cancelled", "a case has no callback"),
    ("database.untrusted_schema", "a case runs on SQLite before 3.45 too: tests/hostile.rs has it"),
    ("backup.unsupported", "no call of a case takes a backup"),
    ("backup.failed", "no call of a case takes a backup"),
    ("backup.damaged", "conformance/files ends with it"),
    ("backup.none", "conformance/files ends with it"),
];

#[test]
fn every_code_is_what_a_case_ends_with_or_beyond_them() {
    let cases = folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/cases"));
    let files = cases.iter().flat_map(|area| folder(area)).map(|path| path.join("case.json"));
    let cases = files.map(|file| {
        let case = serde_json::from_str::<Case>(&read(&file));
        case.unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    });
    let reached: BTreeSet<String> = cases.flat_map(|case| case.steps).filter_map(|step| step.error).collect();
    for code in ErrorKind::ALL.iter().map(|kind| kind.code()) {
        let why = BEYOND.iter().find(|(beyond, _)| *beyond == code).map(|(_, why)| why);
        match (reached.contains(code), why) {
            (true, Some(why)) => panic!("a case ends with {code}: it is not true that {why}"),
            (false, None) => panic!("no case ends with {code}: write one, or why none can"),
            _ => {}
        }
    }
}

/// Runs one case; each failure begins with the file that differs. `told` gets what came of it.
fn run(path: &Path, bless: bool, told: &mut Value) -> Vec<String> {
    let file = path.join("case.json");
    let mut case: Case = match serde_json::from_str(&read(&file)) {
        Ok(case) => case,
        Err(error) => return vec![format!("case.json: {error}")],
    };
    let mut failures = Vec::new();
    let mut db = Connection::open_in_memory().unwrap();
    // Builds of SQLite differ in the default.
    db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let before = path.join("before.sql");
    if before.exists()
        && let Err(error) = db.execute_batch(&read(&before))
    {
        return vec![format!("before.sql: {error}")];
    }
    let foreign_keys = texts(&db, "PRAGMA foreign_keys");
    for step in &mut case.steps {
        if let Err(failure) = take(step, path, &case.options, &mut db, bless, told) {
            failures.push(format!("case.json: {}: {failure}", step.run));
        }
        if texts(&db, "PRAGMA foreign_keys") != foreign_keys {
            failures.push(format!("case.json: {}: PRAGMA foreign_keys has changed", step.run));
        }
    }
    let check = texts(&db, "PRAGMA integrity_check");
    if check != ["ok"] {
        failures.push(format!("schema.sql: integrity_check: {}", check.join("; ")));
    }
    for (name, found) in [("schema.sql", schema(&db)), ("rows.txt", rows(&db, false))] {
        told[name] = json!(found);
        let file = path.join(name);
        let want = if file.exists() { read(&file) } else { String::new() };
        if bless && failures.is_empty() {
            fs::write(&file, &found).unwrap();
        } else if found != want {
            failures.push(format!("{name}:\n--- expected\n{want}\n--- found\n{found}"));
        }
    }
    if bless && failures.is_empty() {
        fs::write(&file, serde_json::to_string_pretty(&case).unwrap() + "\n").unwrap();
    }
    failures
}

/// Whichever way tables are altered, the result is the same: a case that does not choose is run again
/// with every alteration a rebuild, and again so inside the caller's own transaction with foreign
/// keys on. Layout aside: SQLite's own ALTER has its own.
fn run_rebuilding(path: &Path, enforced: bool) -> Vec<String> {
    let Ok(mut case) = serde_json::from_str::<Case>(&read(&path.join("case.json"))) else {
        return Vec::new();
    };
    if case.options.rebuild.is_some() || case.steps.iter().any(|step| step.error.is_some()) {
        return Vec::new();
    }
    case.options.rebuild = Some("always".to_owned());
    let how = if enforced { "rebuilding, foreign keys on" } else { "rebuilding" };
    let mut db = Connection::open_in_memory().unwrap();
    let before = path.join("before.sql");
    if before.exists() {
        db.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        db.execute_batch(&read(&before)).unwrap();
    }
    if enforced {
        if !db.is_autocommit() {
            return Vec::new();
        }
        db.execute_batch("PRAGMA foreign_keys = ON; BEGIN").unwrap();
    }
    for step in &case.steps {
        let files = sql_files(&path.join(step.migrations.as_deref().unwrap_or("migrations")));
        // A printed script opens a transaction of its own.
        let own = step.run.ends_with("--sql");
        let outside =
            |text: &str| text.contains("transaction:false") || text.contains("+goose NO TRANSACTION");
        if enforced && (own || files.iter().any(|(_, text)| outside(text))) {
            return Vec::new();
        }
        let answer = call(path, &files, &case.options, &mut db, step);
        if let Err(error) = answer.and_then(|answer| ran(&mut db, step, answer)) {
            return vec![format!("{how}: {}: {error:?}", step.run)];
        }
    }
    if enforced {
        db.execute_batch("COMMIT").unwrap();
    }
    let mut failures = Vec::new();
    let check = texts(&db, "PRAGMA integrity_check");
    if check != ["ok"] {
        failures.push(format!("{how}: integrity_check: {}", check.join("; ")));
    }
    let file = |name: &str| Some(path.join(name)).filter(|file| file.exists()).map(|file| read(&file));
    let (schema, rows) = (schema(&db), rows(&db, false));
    if !limbeck::sql::same_text(&schema, &file("schema.sql").unwrap_or_default()) {
        failures.push(format!("{how}: another schema:\n{schema}"));
    }
    if rows != file("rows.txt").unwrap_or_default() {
        failures.push(format!("{how}: other rows:\n{rows}"));
    }
    failures
}

/// Takes one step.
fn take(
    step: &mut Step,
    path: &Path,
    options: &Options,
    db: &mut Connection,
    bless: bool,
    told: &mut Value,
) -> Result<(), String> {
    let before = state(db);
    let migrations = step.migrations.as_deref().unwrap_or("migrations");
    let files = sql_files(&path.join(migrations));
    let answer = call(path, &files, options, db, step);
    told["steps"].as_array_mut().unwrap().push(match &answer {
        Ok(found) => json!({"ok": found}),
        Err(error) => timeless(json!(error)),
    });
    match (answer.and_then(|answer| ran(db, step, answer)), &step.error) {
        (Ok(found), None) => {
            if bless {
                step.expect = Some(found).filter(|found| !found.is_null());
            } else if step.expect.clone().unwrap_or(Value::Null) != found {
                return Err(format!("found {found}"));
            }
            Ok(())
        }
        (Ok(found), Some(code)) => Err(format!("{code} was expected, and it succeeds: {found}")),
        (Err(error), None) => Err(format!("fails: {error:?}")),
        (Err(error), Some(code)) => {
            let same = error.code() == code
                && step.message.as_ref().is_none_or(|part| error.to_string().contains(part))
                && step.file.as_ref().is_none_or(|file| error.file() == Some(file))
                && step.line.is_none_or(|line| error.line() == Some(line))
                && step.violations.as_ref().is_none_or(|want| json!(error.violations()) == *want)
                && step.newer.as_ref().is_none_or(|want| timeless(json!(error.newer())) == *want);
            if !same {
                return Err(format!("another error: {error:?} {}", json!(error.violations())));
            }
            match &step.report {
                Some(want) => match error.report().map(|report| timeless(json!(report))) {
                    Some(found) if found == *want => Ok(()),
                    found => Err(format!("another report: {found:?}")),
                },
                None if state(db) != before => Err(format!("{code} has changed the database")),
                None => Ok(()),
            }
        }
    }
}

fn call(
    path: &Path,
    files: &[(String, String)],
    options: &Options,
    db: &mut Connection,
    step: &Step,
) -> Result<Value, Error> {
    let run = &step.run;
    let mut migrator = Migrator::new(files)?.newer_database(step.newer_database.unwrap_or_default());
    migrator = match options.rebuild.as_deref() {
        None | Some("auto") => migrator,
        Some("always") => migrator.rebuild(RebuildMode::Always),
        Some("never") => migrator.rebuild(RebuildMode::Never),
        Some(other) => panic!("options: rebuild: {other}"),
    };
    migrator = match options.transaction.as_deref() {
        None | Some("per_upgrade") => migrator,
        Some("per_revision") => migrator.transaction(TransactionMode::PerRevision),
        Some(other) => panic!("options: transaction: {other}"),
    };
    migrator = migrator.keep_user_version(options.keep_user_version);
    if let Some(version) = &options.app_version {
        migrator = migrator.app_version(version);
    }
    let words: Vec<&str> = run.split(' ').collect();
    match &words[..] {
        ["upgrade", target] => migrator.upgrade(db, target).map(|report| timeless(json!(report))),
        ["downgrade", target] => migrator.downgrade(db, target).map(|report| timeless(json!(report))),
        ["stamp", "--purge", targets @ ..] => {
            migrator.stamp(db, targets, true).map(|report| timeless(json!(report)))
        }
        ["stamp", targets @ ..] if !targets.contains(&"--sql") => {
            migrator.stamp(db, targets, false).map(|report| timeless(json!(report)))
        }
        ["current"] => migrator.current(db).map(|heads| json!(heads)),
        ["current", "--check-heads"] => {
            migrator.check_heads(db)?;
            migrator.current(db).map(|heads| json!(heads))
        }
        ["heads"] => Ok(json!(migrator.describe(&migrator.graph()?.heads(), &[]))),
        ["heads", "--resolve-dependencies"] => {
            Ok(json!(migrator.describe(&migrator.graph()?.heads_resolving_dependencies(), &[])))
        }
        ["branches"] => {
            let points = migrator.graph()?.branch_points();
            let ids: Vec<&str> = points.iter().map(|(id, _)| *id).collect();
            Ok(json!(migrator.describe(&ids, &[])))
        }
        ["history", range] => {
            let rows = migrator.rows(db)?;
            migrator.revisions(range, &rows).map(|revisions| json!(revisions))
        }
        ["show", revision] => Ok(json!(migrator.describe(&migrator.graph()?.resolve(revision)?, &[]))),
        ["merge", targets @ ..] => migrator.graph()?.merge(targets, false).map(|revises| json!(revises)),
        ["check", file] => check(&migrator, &read(&path.join(file))),
        ["diff", file] => {
            let options = step.compare.as_ref().map(Value::to_string).unwrap_or_default();
            let mut wanted = Connection::open_in_memory().unwrap();
            wanted.execute_batch(&read(&path.join(file))).unwrap();
            let sides = (Side::Database(db), Side::Database(&mut wanted));
            migrator.diff(sides.0, sides.1, &diff::Options::from_json(&options)?).map(|found| json!(found))
        }
        ["verify"] => {
            let found = migrator.verify(db, &mut Connection::open_in_memory().unwrap());
            found.map(|found| json!(found))
        }
        ["ensure_version"] => migrator.ensure_version(db).map(|made| json!(made)),
        ["upgrade", target, "--plan"] => plan(&migrator, db, Direction::Up, target),
        ["downgrade", target, "--plan"] => plan(&migrator, db, Direction::Down, target),
        ["upgrade", range, "--sql"] => script(&migrator, Direction::Up, range),
        ["downgrade", range, "--sql"] => script(&migrator, Direction::Down, range),
        ["stamp", range, "--sql"] => script(&migrator, Direction::Stamp, range),
        _ => panic!("run: {run}"),
    }
}

fn check(migrator: &Migrator<'_>, schema: &str) -> Result<Value, Error> {
    let scratch = || Connection::open_in_memory().unwrap();
    migrator.check(&mut scratch(), &mut scratch(), schema).map(|differences| json!(differences))
}

fn plan(
    migrator: &Migrator<'_>,
    db: &mut Connection,
    direction: Direction,
    target: &str,
) -> Result<Value, Error> {
    let mut scratch = Connection::open_in_memory().unwrap();
    migrator.dry_run(db, &mut scratch, direction, target).map(|dry| json!(dry))
}

fn script(migrator: &Migrator<'_>, direction: Direction, range: &str) -> Result<Value, Error> {
    migrator.sql(&mut Connection::open_in_memory().unwrap(), direction, range).map(Value::String)
}

/// A printed script is no result: it is run, without its one line that only the shell knows.
fn ran(db: &mut Connection, step: &Step, answer: Value) -> Result<Value, Error> {
    let Value::String(script) = &answer else { return Ok(answer) };
    assert!(step.run.ends_with("--sql"), "{} answers a text", step.run);
    let failed = |error: rusqlite::Error| Error::new(ErrorKind::StatementFailed, error.to_string());
    let ran = db.execute_batch(&script.replace(".bail on\n", "")).map_err(failed);
    if ran.is_err() {
        let _ = db.execute_batch("ROLLBACK");
    }
    ran.map(|()| Value::Null)
}

/// Without what differs between two equal runs.
fn timeless(mut value: Value) -> Value {
    fn leave_out(value: &mut Value) {
        if let Some(members) = value.as_object_mut() {
            members.retain(|name, _| !["timing", "applied_at"].contains(&name.as_str()));
            members.values_mut().for_each(leave_out);
        }
        value.as_array_mut().into_iter().flatten().for_each(leave_out);
    }
    leave_out(&mut value);
    value
}

/// Every text of the schema but limbeck's and SQLite's own.
fn schema(db: &Connection) -> String {
    let all = texts(
        db,
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         AND tbl_name NOT LIKE 'limbeck\\_%' ESCAPE '\\' ORDER BY type, name",
    );
    all.into_iter().map(|sql| sql + ";\n").collect::<Vec<_>>().join("\n")
}

/// Every row of every ordinary table, and of limbeck's and SQLite's own if `all`.
fn rows(db: &Connection, all: bool) -> String {
    let tables = texts(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    let own = |name: &String| name.starts_with("limbeck_") || name.starts_with("sqlite_");
    let mut lines = String::new();
    for table in tables.iter().filter(|name| all || !own(name)) {
        let columns = format!("SELECT name FROM pragma_table_xinfo({}) WHERE hidden <> 1", literal(table));
        let columns: Vec<String> = texts(db, &columns)
            .iter()
            .map(|column| format!("'|' || quote(\"{}\")", column.replace('"', "\"\"")))
            .collect();
        let from = table.replace('"', "\"\"");
        let what = format!("SELECT {} || {} FROM \"{from}\"", literal(table), columns.join(" || "));
        let keyed = format!("SELECT wr FROM pragma_table_list({}) WHERE schema = 'main'", literal(table));
        // A table WITHOUT ROWID is in the order of its key.
        let order = if texts(db, &keyed) == ["0"] { " ORDER BY rowid" } else { "" };
        for line in texts(db, &format!("{what} NOT INDEXED{order}")) {
            lines += &line;
            lines.push('\n');
        }
    }
    lines
}

/// All there is, to find that nothing has changed.
fn state(db: &Connection) -> String {
    let schema = "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') \
                  FROM sqlite_schema ORDER BY type, name";
    texts(db, schema).join("\n") + "\n" + &rows(db, true)
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn sql_files(path: &Path) -> Vec<(String, String)> {
    let files = folder(path).into_iter().filter(|file| file.extension().is_some_and(|end| end == "sql"));
    files.map(|file| (file.file_name().unwrap().to_str().unwrap().to_owned(), read(&file))).collect()
}

fn folder(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
