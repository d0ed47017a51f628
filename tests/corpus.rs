//! Real schemas, filled with rows: every table is rebuilt, up and down, and nothing else changes.
//!
//! The schemas are in `corpus/` under the directory that `LIMBECK_SHARED` names, or `shared` beside
//! the project; `corpus/INDEX.md` there says where they come from. `corpus/fill.py` makes the
//! databases, so this needs python3 as well; where something is missing it says so and passes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use limbeck::sql::{quote, split, tokens};
use limbeck::{Migrator, RebuildMode, Report, Way};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;

/// Rows that `fill.py` tries to put into each table.
const ROWS: &str = "5";

#[test]
fn every_table_is_rebuilt_whole() {
    let corpus = shared().join("corpus");
    let Some(subjects) = subjects(&corpus) else {
        println!("skipped: {} is not there; set LIMBECK_SHARED", corpus.join("fill.py").display());
        return;
    };
    if !Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no python3 to run fill.py with");
        return;
    }
    let scratch = std::env::temp_dir().join(format!("limbeck-corpus-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).expect("a directory can be made");
    let schemas = subjects.len();
    let queue = Mutex::new(subjects);
    let all = Mutex::new(Tally::default());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let Some(subject) = queue.lock().expect("no worker panics").pop() else { break };
                    let mut tally = Tally::default();
                    let run = || examine(&corpus, &scratch, &subject, &mut tally);
                    if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
                        let text = panic.downcast_ref::<String>().map_or("a panic", String::as_str);
                        tally.failures.push(format!("{}: {text}", subject.name));
                    }
                    all.lock().expect("no worker panics").add(tally);
                }
            });
        }
    });
    let _ = std::fs::remove_dir_all(&scratch);
    let tally = all.into_inner().expect("no worker panics");
    println!("{schemas} schemas, {} tables, {} rows", tally.tables, tally.rows);
    println!("{} rebuilds up and down, {} of them whole", tally.tried, tally.whole);
    for (code, (count, example)) in &tally.refused {
        println!("{count} refused: {code}, as {example}");
    }
    assert!(tally.tried > 0, "no table was found");
    assert!(tally.failures.is_empty(), "{} failures:\n{}", tally.failures.len(), tally.failures.join("\n"));
}

fn shared() -> PathBuf {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    std::env::var_os("LIMBECK_SHARED").map_or_else(beside, PathBuf::from)
}

/// What the runs came to.
#[derive(Default)]
struct Tally {
    tables: usize,
    rows: usize,
    tried: usize,
    whole: usize,
    /// Code → how many, and one of them.
    refused: BTreeMap<String, (usize, String)>,
    failures: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.tables += other.tables;
        self.rows += other.rows;
        self.tried += other.tried;
        self.whole += other.whole;
        for (code, (count, example)) in other.refused {
            self.refused.entry(code).or_insert((0, example)).0 += count;
        }
        self.failures.extend(other.failures);
    }
}

/// One schema: a file, or one part of `quirks.sql`.
struct Subject {
    name: String,
    file: PathBuf,
    quirk: Option<String>,
    text: String,
}

/// All schemas, the greatest last, where it is taken first; none where the folder is missing.
fn subjects(corpus: &Path) -> Option<Vec<Subject>> {
    if !corpus.join("fill.py").is_file() {
        return None;
    }
    let only = std::env::var("LIMBECK_CORPUS_ONLY").unwrap_or_default();
    let mut subjects = Vec::new();
    for entry in std::fs::read_dir(corpus).ok()? {
        let file = entry.expect("the folder can be read").path();
        if file.extension().is_none_or(|extension| extension != "sql") {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("a schema is UTF-8");
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if name != "quirks" {
            subjects.push(Subject { name, file, quirk: None, text });
            continue;
        }
        for part in text.split("\n-- quirk: ").skip(1) {
            let (quirk, text) = part.split_once('\n').expect("a quirk has statements");
            subjects.push(Subject {
                name: format!("quirk {}", quirk.trim()),
                file: file.clone(),
                quirk: Some(quirk.trim().to_owned()),
                text: text.to_owned(),
            });
        }
    }
    subjects.retain(|subject| subject.name.contains(&only));
    subjects.sort_by_key(|subject| subject.text.len());
    Some(subjects)
}

/// Fills a database and rebuilds each of its tables.
fn examine(corpus: &Path, scratch: &Path, subject: &Subject, tally: &mut Tally) {
    let filled = scratch.join(format!("{}.db", subject.name));
    let mut fill = Command::new("python3");
    fill.arg(corpus.join("fill.py")).arg(&subject.file).arg(&filled).args(["--quiet", "--rows", ROWS]);
    if let Some(quirk) = &subject.quirk {
        fill.args(["--quirk", quirk]);
    }
    let output = fill.output().expect("python3 starts");
    assert!(output.status.success(), "fill.py: {}", String::from_utf8_lossy(&output.stderr));

    let work = scratch.join(format!("{}.work.db", subject.name));
    let mut db = open(subject, &filled, &work);
    let tables = ordinary_tables(&db);
    let mut before = Dump::take(&db);
    tally.tables += tables.len();
    tally.rows += before.rows;
    for (number, table) in tables.iter().enumerate() {
        for probe in probes(&db, table) {
            tally.tried += 1;
            let what = format!("{} {table}, foreign_keys {}: {}", subject.name, probe.keys, probe.up);
            match round_trip(&mut db, &probe, number, table, &before) {
                Ok(()) => tally.whole += 1,
                Err(End::Refused(code, message)) => {
                    tally.refused.entry(code).or_insert((0, format!("{what}: {message}"))).0 += 1;
                }
                Err(End::Failed(why)) => {
                    tally.failures.push(format!("{what}: {why}"));
                }
            }
            if Dump::take(&db) != before {
                drop(db);
                db = open(subject, &filled, &work);
                before = Dump::take(&db);
            }
        }
    }
    drop(db);
    let _ = std::fs::remove_file(&filled);
    let _ = std::fs::remove_file(&work);
}

/// Why a table did not go up and down.
enum End {
    /// With this code and message; nothing has changed.
    Refused(String, String),
    Failed(String),
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
    after.is_with(before, table, probe.same_columns).map_err(|why| End::Failed(format!("up: {why}")))?;

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

/// A copy of the filled database, with all that its schema needs of the connection.
fn open(subject: &Subject, filled: &Path, work: &Path) -> Connection {
    std::fs::copy(filled, work).expect("a file is copied");
    let db = Connection::open(work).expect("the copy opens");
    for line in subject.text.lines() {
        if let Some(name) = line.strip_prefix("-- needs-collation: ") {
            db.create_collation(name.trim(), |a, b| a.to_lowercase().cmp(&b.to_lowercase()))
                .expect("a collation is registered");
        }
        if let Some(name) = line.strip_prefix("-- needs-function: ") {
            let name = name.split_whitespace().next().unwrap_or_default();
            let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
            let first = |context: &rusqlite::functions::Context<'_>| {
                Ok(if context.is_empty() { rusqlite::types::Value::Null } else { context.get(0)? })
            };
            db.create_scalar_function(name, -1, flags, first).expect("a function is registered");
        }
    }
    db.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY").expect("pragmas are set");
    // What is temporary has gone with the connection of fill.py.
    for statement in split(&subject.text).expect("the schema is SQL") {
        let words: Vec<String> = tokens(statement.text)
            .expect("a statement is SQL")
            .iter()
            .take(2)
            .map(|token| token.text.to_uppercase())
            .collect();
        if words == ["CREATE", "TEMP"] || words == ["CREATE", "TEMPORARY"] {
            db.execute_batch(statement.text).expect("a temporary object is made");
        }
    }
    db.execute_batch("ANALYZE main").expect("ANALYZE runs");
    db
}

fn ordinary_tables(db: &Connection) -> Vec<String> {
    strings(
        db,
        "SELECT m.name FROM main.sqlite_schema AS m JOIN pragma_table_list AS l \
         ON l.schema = 'main' AND l.name = m.name \
         WHERE m.type = 'table' AND l.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         ORDER BY m.rowid",
    )
}

/// All that can be seen of a database, limbeck's own tables left out.
#[derive(PartialEq)]
struct Dump {
    /// (schema, type, name) → text.
    objects: BTreeMap<(String, String, String), String>,
    /// The triggers in the order of their creation, in which they fire, by table.
    triggers: BTreeMap<String, Vec<String>>,
    /// Table → its columns and its rows, both kinds of statistics and the counters among them.
    contents: BTreeMap<String, (Vec<String>, Vec<String>)>,
    /// What the checks answer.
    checks: BTreeSet<String>,
    rows: usize,
}

impl Dump {
    fn take(db: &Connection) -> Dump {
        let mut dump = Dump {
            objects: BTreeMap::new(),
            triggers: BTreeMap::new(),
            contents: BTreeMap::new(),
            checks: BTreeSet::new(),
            rows: 0,
        };
        for schema in ["main", "temp"] {
            let sql = format!(
                "SELECT type, name, coalesce(sql, ''), tbl_name FROM {schema}.sqlite_schema \
                 WHERE tbl_name NOT LIKE 'limbeck%' AND name <> 'sqlite_sequence' ORDER BY rowid"
            );
            let mut statement = db.prepare(&sql).expect("the schema is read");
            let mut rows = statement.query([]).expect("the schema is read");
            while let Some(row) = rows.next().expect("the schema is read") {
                let text = |at| row.get::<_, String>(at).expect("it is text");
                let (kind, name, sql, table) = (text(0), text(1), text(2), text(3));
                if kind == "trigger" {
                    dump.triggers.entry(format!("{schema} {table}")).or_default().push(name.clone());
                }
                dump.objects.insert((schema.to_owned(), kind, name), sql);
            }
            let tables = format!(
                "SELECT name FROM pragma_table_list WHERE schema = '{schema}' AND type IN ('table', 'shadow') \
                 AND name NOT LIKE 'limbeck%' AND name NOT LIKE 'sqlite%\\_schema' ESCAPE '\\'"
            );
            for table in strings(db, &tables) {
                let content = content(db, schema, &table);
                dump.rows += content.1.len();
                dump.contents.insert(format!("{schema}.{table}"), content);
            }
        }
        for pragma in [
            "integrity_check",
            "foreign_key_check",
            "user_version",
            "application_id",
            "encoding",
            "foreign_keys",
        ] {
            // What a check refuses to do it must refuse afterwards, too.
            let lines = lines(db, &format!("PRAGMA main.{pragma}"));
            let lines = lines.unwrap_or_else(|error| vec![error.to_string()]);
            if pragma != "foreign_keys" {
                dump.checks.extend(lines.into_iter().map(|line| format!("{pragma}: {line}")));
            }
        }
        dump
    }

    /// Where the other one differs.
    fn difference(&self, other: &Dump) -> Option<String> {
        maps(&self.objects, &other.objects)
            .or_else(|| maps(&self.triggers, &other.triggers))
            .or_else(|| maps(&self.contents, &other.contents))
            .or_else(|| {
                let new: Vec<&String> = self.checks.symmetric_difference(&other.checks).collect();
                (!new.is_empty()).then(|| format!("{new:?}"))
            })
    }

    /// Errors: what differs from `before`, but for one insertion into the text of a table.
    fn is_with(&self, before: &Dump, table: &str, same_columns: bool) -> Result<(), String> {
        let mut expected = Dump {
            objects: before.objects.clone(),
            triggers: before.triggers.clone(),
            contents: before.contents.clone(),
            checks: before.checks.clone(),
            rows: before.rows,
        };
        let key = ("main".to_owned(), "table".to_owned(), table.to_owned());
        let new = self.objects.get(&key).ok_or("the table is gone")?;
        let old = expected.objects.insert(key, new.clone()).unwrap_or_default();
        let text = if same_columns { "DEFAULT 1" } else { "limbeck_probe INT" };
        if !is_inserted(&old, new, text) {
            return Err(format!("more than {text} was put into the text:\n{old}\n{new}"));
        }
        if !same_columns {
            let (columns, rows) = expected.contents.get_mut(&format!("main.{table}")).ok_or("no content")?;
            columns.push("limbeck_probe".to_owned());
            rows.iter_mut().for_each(|row| row.push_str(" null:NULL"));
            rows.sort();
        }
        expected.difference(self).map_or(Ok(()), Err)
    }
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

fn maps<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    before: &BTreeMap<K, V>,
    after: &BTreeMap<K, V>,
) -> Option<String> {
    let keys: BTreeSet<&K> = before.keys().chain(after.keys()).collect();
    let key = keys.into_iter().find(|key| before.get(key) != after.get(key))?;
    let show = |map: &BTreeMap<K, V>| format!("{:?}", map.get(key)).chars().take(1500).collect::<String>();
    Some(format!("{key:?}\n  was {}\n  is  {}", show(before), show(after)))
}

/// A table's columns, and its rows with the rowid, each value with its storage class.
fn content(db: &Connection, schema: &str, table: &str) -> (Vec<String>, Vec<String>) {
    let columns = strings(
        db,
        &format!("SELECT name FROM pragma_table_xinfo({}, '{schema}') WHERE hidden <> 1", literal(table)),
    );
    let mut values: Vec<String> =
        columns.iter().map(|c| quote(c)).map(|c| format!("typeof({c}) || ':' || quote({c})")).collect();
    let with_rowid = format!(
        "SELECT 1 FROM pragma_table_list WHERE schema = '{schema}' AND name = {} AND NOT wr",
        literal(table)
    );
    if !strings(db, &with_rowid).is_empty() {
        let free = ["rowid", "_rowid_", "oid"]
            .into_iter()
            .find(|name| !columns.iter().any(|column| column.eq_ignore_ascii_case(name)));
        if let Some(rowid) = free.filter(|_| !table.starts_with("sqlite_")) {
            values.insert(0, format!("'rowid ' || {rowid}"));
        }
    }
    let sql = format!("SELECT {} FROM {schema}.{} NOT INDEXED", values.join(", "), quote(table));
    let mut rows = lines(db, &sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    if table == "sqlite_sequence" {
        rows.retain(|row| !row.contains("'limbeck_"));
    }
    rows.sort();
    (columns, rows)
}

/// Each row as one line.
fn lines(db: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = db.prepare(sql)?;
    let width = statement.column_count();
    let mut rows = statement.query([])?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        let mut line = String::new();
        for at in 0..width {
            let separator = if at == 0 { "" } else { " " };
            match row.get_ref(at)? {
                ValueRef::Text(text) => {
                    // Not all text of a real database is UTF-8.
                    let _ = write!(line, "{separator}{}", text.escape_ascii());
                }
                other => {
                    let _ = write!(line, "{separator}{other:?}");
                }
            }
        }
        lines.push(line);
    }
    Ok(lines)
}

/// The first column of each row.
fn strings(db: &Connection, sql: &str) -> Vec<String> {
    let mut statement = db.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let rows = statement.query_map([], |row| {
        let text = row.get_ref(0)?;
        Ok(match text {
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            other => format!("{other:?}"),
        })
    });
    rows.and_then(Iterator::collect).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn literal(text: &str) -> String {
    limbeck::sql::literal(text)
}
