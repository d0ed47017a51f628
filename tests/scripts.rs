//! `--sql`: the printed script, run by the real `sqlite3` shell, gives what the live run gives.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use limbeck::{Direction, ErrorKind, Migrator};
use rusqlite::Connection;

type Files = Vec<(String, String)>;

/// A database file of its own.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> File {
        let path = std::env::temp_dir().join(format!(
            "limbeck-{}-{}.db",
            std::process::id(),
            name.replace('/', "-")
        ));
        fs::remove_file(&path).ok();
        File(path)
    }

    fn open(&self) -> Connection {
        Connection::open(&self.0).unwrap()
    }

    /// Runs a script with the shell, as its own first lines say.
    fn shell(&self, script: &str) -> Output {
        let mut shell = Command::new("sqlite3")
            .arg(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        shell.stdin.take().unwrap().write_all(script.as_bytes()).ok();
        shell.wait_with_output().unwrap()
    }

    fn run(&self, script: &str) {
        let output = self.shell(script);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && errors.is_empty(), "{}: {errors}\n{script}", self.0.display());
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

fn there_is_a_shell() -> bool {
    let there = Command::new("sqlite3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("skipped: there is no sqlite3 shell here");
    }
    there
}

fn script(files: &Files, direction: Direction, range: &str) -> Result<String, limbeck::Error> {
    Migrator::new(files)?.sql(&mut Connection::open_in_memory().unwrap(), direction, range)
}

fn same(name: &str, printed: &File, live: &File, script: &str) {
    let (found, want) = (everything(&printed.open()), everything(&live.open()));
    let only =
        |a: &[String], b: &[String]| a.iter().filter(|line| !b.contains(line)).cloned().collect::<Vec<_>>();
    assert!(
        found == want,
        "{name}: the script's: {:#?}\nthe run's: {:#?}\n{script}",
        only(&found, &want),
        only(&want, &found)
    );
}

/// Everything but the times of limbeck's record: schema, rows, counters, statistics that every build has.
fn everything(db: &Connection) -> Vec<String> {
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = db.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let rows = statement.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
        rows.map(|row| row.unwrap().unwrap_or_default()).collect()
    };
    let mut all = texts(
        "SELECT type || ' ' || quote(name) || ' ' || quote(tbl_name) || ' ' || coalesce(sql, '') FROM sqlite_schema WHERE name <> 'sqlite_stat4' ORDER BY type, name",
    );
    // Comments and layout aside: SQLite's own ALTER has its own, and a script edits no text.
    for text in &mut all {
        let words = limbeck::sql::tokens(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        *text = words.iter().map(|word| word.text).collect::<Vec<_>>().join(" ");
    }
    for table in
        texts("SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'sqlite_stat4' ORDER BY name")
    {
        let columns = format!(
            "SELECT '\"' || replace(name, '\"', '\"\"') || '\"' FROM pragma_table_xinfo('{}') WHERE hidden <> 1",
            table.replace('\'', "''")
        );
        let mut columns = texts(&columns);
        if table == "limbeck_history" {
            // A script leaves no fingerprint and no digest: only a run knows what it has left.
            let of_a_run = ["\"applied_at\"", "\"duration_ms\"", "\"fingerprint\"", "\"files\""];
            columns.retain(|column| !of_a_run.contains(&column.as_str()));
        }
        let quoted: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
        let name = table.replace('"', "\"\"");
        all.push(format!("-- {table}"));
        all.extend(texts(&format!("SELECT {} FROM \"{name}\" ORDER BY 1", quoted.join(" || '|' || "))));
    }
    // What ANALYZE counts in the index of digests.
    all.retain(|line| !line.starts_with("'limbeck_history'|'limbeck_history_files'|"));
    all
}

/// Every conformance case whose upgrade succeeds: the script up, and down again where there is a way,
/// against the live run.
#[test]
fn the_conformance_cases() {
    if !there_is_a_shell() {
        return;
    }
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/cases");
    let mut compared = 0;
    for case in folder(&cases).iter().flat_map(|area| folder(area)) {
        let name = case.strip_prefix(&cases).unwrap().to_string_lossy().into_owned();
        let files = files(&case);
        let (live, printed) = (File::new(&format!("live-{name}")), File::new(&name));
        let Ok(report) = Migrator::new(&files).and_then(|mut m| m.upgrade(&mut live.open(), "heads")) else {
            continue;
        };
        match script(&files, Direction::Up, "heads") {
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotOffline, "{name}: {error:?}"),
            Ok(script) => {
                printed.run(&script);
                same(&name, &printed, &live, &script);
                compared += 1;
                down(&files, &name, &report.to.join(","), &live, &printed);
            }
        }
    }
    assert!(compared > 100, "{compared} cases were compared");
}

fn down(files: &Files, name: &str, from: &str, live: &File, printed: &File) {
    if Migrator::new(files).unwrap().downgrade(&mut live.open(), "base").is_ok() {
        let script = script(files, Direction::Down, &format!("{from}:base")).unwrap();
        printed.run(&script);
        same(name, printed, live, &script);
    }
}

/// The files of a case, before them what makes its database: as a script knows only the folder.
fn files(case: &Path) -> Files {
    let mut files = Files::new();
    if let Ok(before) = fs::read_to_string(case.join("before.sql")) {
        let kept: Vec<&str> = before.lines().filter(|line| !line.starts_with("PRAGMA")).collect();
        files.push((
            "!before.sql".to_owned(),
            format!("-- revision: before\n-- revises:\n\n{}", kept.join("\n")),
        ));
    }
    for path in folder(&case.join("migrations")) {
        if path.extension().is_some_and(|end| end == "sql") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    files
}

fn folder(path: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

fn owned(files: &[(&str, &str)]) -> Files {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn notes() -> Files {
    owned(&[
        (
            "0001_notes.sql",
            "CREATE TABLE notes(id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT, folder REFERENCES folders(id));\n\
             CREATE TABLE folders(id INTEGER PRIMARY KEY, name TEXT)",
        ),
        (
            "0002_titles.sql",
            "-- migrate:up\nALTER TABLE notes ALTER title SET NOT NULL;\n\
             -- migrate:down\nALTER TABLE notes ALTER title DROP NOT NULL;",
        ),
        ("0003_clean.sql", "DELETE FROM folders WHERE name IS NULL"),
        ("0004_vacuum.sql", "-- migrate:up transaction:false\nVACUUM;\nPRAGMA user_version = 4;"),
        (
            "0005_first.sql",
            "-- migrate:unless SELECT 1 FROM folders WHERE name = 'first'\n\
             INSERT INTO folders(name) VALUES ('first');\n\
             INSERT INTO folders(name) VALUES ('a\r\nb');",
        ),
    ])
}

/// A database at revision 0001, with rows.
fn at_0001(name: &str, rows: &str) -> File {
    let file = File::new(name);
    Migrator::new(notes()).unwrap().upgrade(&mut file.open(), "0001").unwrap();
    file.open().execute_batch(&format!("PRAGMA foreign_keys = OFF; {rows}")).unwrap();
    file
}

#[test]
fn a_range_on_rows_of_its_own() {
    if !there_is_a_shell() {
        return;
    }
    for (name, rows) in [
        ("no-rows", ""),
        (
            "rows",
            "INSERT INTO folders VALUES (1, 'x'); INSERT INTO notes VALUES (7, 't', 1); DELETE FROM notes",
        ),
        (
            "there",
            "INSERT INTO folders VALUES (3, 'first'); INSERT INTO notes VALUES (7, 't', 3), (9, 'u', NULL)",
        ),
        // What dangles already does not stop it.
        ("dangling", "INSERT INTO notes VALUES (7, 't', 99)"),
    ] {
        let (live, printed) = (at_0001(&format!("live-{name}"), rows), at_0001(name, rows));
        Migrator::new(notes()).unwrap().upgrade(&mut live.open(), "head").unwrap();
        let script = script(&notes(), Direction::Up, "0001:head").unwrap();
        printed.run(&script);
        same(name, &printed, &live, &script);
    }
}

/// What a live run would refuse stops the script, and nothing has happened.
#[test]
fn the_script_looks_before_it_changes() {
    if !there_is_a_shell() {
        return;
    }
    for (name, rows, range, message) in [
        ("another-revision", "", "0002:0003", "this script is for a database at 0002"),
        (
            "more-indexes",
            "CREATE INDEX mine ON notes(title)",
            "0001:0002",
            "table notes has the columns, indexes and triggers of the migrations",
        ),
        (
            "null",
            "INSERT INTO notes VALUES (1, NULL, NULL)",
            "0001:0002",
            "NOT NULL constraint failed: notes.title",
        ),
        (
            "orphans",
            "INSERT INTO folders VALUES (1, NULL); INSERT INTO notes VALUES (1, 't', 1)",
            "0001:0003",
            "no row has lost its parent",
        ),
    ] {
        let file = at_0001(name, rows);
        let before = everything(&file.open());
        let output = file.shell(&script(&notes(), Direction::Up, range).unwrap());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && errors.contains(message), "{name}: {errors}");
        assert_eq!(everything(&file.open()), before, "{name}");
    }
}

#[test]
fn ranges() {
    let up = |range: &str| script(&notes(), Direction::Up, range);
    assert!(up("0002:+1").unwrap().contains("\n-- Running upgrade 0002 -> 0003, clean\n"));
    assert!(up("head").unwrap().contains("For a database at <base>:"));
    assert!(up("0004:").unwrap().contains("Running upgrade 0004 -> 0005"));
    assert!(!up("0005:head").unwrap().contains("BEGIN"), "nothing to do");
    assert_eq!(script(&notes(), Direction::Down, "0001").unwrap_err().kind(), ErrorKind::RangeRequired);
    let error = script(&notes(), Direction::Down, "0003:0001").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoDowngrade);
    let stamp = script(&notes(), Direction::Stamp, "0001:0003").unwrap();
    assert!(stamp.contains("SET version_num = '0003'") && !stamp.contains("DELETE FROM folders"));
    let unless = owned(&[
        ("1.sql", "CREATE TABLE t(a)"),
        ("2.sql", "-- migrate:unless SELECT 1 FROM t\nUPDATE t SET a = 1"),
    ]);
    assert_eq!(script(&unless, Direction::Up, "head").unwrap_err().kind(), ErrorKind::NotOffline);
}

/// A dry run says what would run, and leaves every byte of the file and its folder alone.
#[test]
fn a_dry_run_writes_nothing() {
    let file = at_0001("dry", "INSERT INTO notes VALUES (7, 't', NULL), (8, 'u', NULL)");
    let before = fs::read(&file.0).unwrap();
    let mut migrator = Migrator::new(notes()).unwrap();
    let mut scratch = Connection::open_in_memory().unwrap();
    let dry = migrator.dry_run(&mut file.open(), &mut scratch, Direction::Up, "head").unwrap();
    assert_eq!((&*dry.from, &*dry.to), (&["0001".to_owned()][..], &["0005".to_owned()][..]));
    assert_eq!(dry.steps[1].statements, ["DELETE FROM folders WHERE name IS NULL"]);
    assert_eq!(dry.steps[2].statements, ["VACUUM", "PRAGMA user_version = 4"]);
    assert!(dry.warnings[0].contains("SELECT 1 FROM folders"), "{:?}", dry.warnings);
    assert_eq!(fs::read(&file.0).unwrap(), before);
    // The run takes the ways that were told.
    let report = migrator.upgrade(&mut file.open(), "head").unwrap();
    let ways = |alterations: &[limbeck::AlterationReport]| {
        alterations.iter().map(|a| (a.table.clone(), a.way)).collect::<Vec<_>>()
    };
    for (told, done) in dry.steps.iter().zip(&report.steps) {
        assert_eq!((&told.revision, ways(&told.alterations)), (&done.revision, ways(&done.alterations)));
    }
    let mut scratch = Connection::open_in_memory().unwrap();
    let dry = migrator.dry_run(&mut file.open(), &mut scratch, Direction::Down, "0004").unwrap_err();
    assert_eq!(dry.kind(), ErrorKind::NoDowngrade);
}
