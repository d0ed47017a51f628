//! The conformance suite through C: `driver.c` is the program, and this runs it over every case. See
//! tests/conformance/README.md.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::support::{SANITIZED, Sqlite};
use serde_json::{Value, json};

/// The driver, running.
pub struct Driver {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// The number of each code, as the header has it.
    numbers: HashMap<String, String>,
}

impl Driver {
    pub fn new(program: &Path) -> Driver {
        let mut command = Command::new(program);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (requests, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let header = read(&crate::support::here().join("include/limbeck.h"));
        let numbers = header.lines().filter_map(|line| {
            let (name, number) =
                line.trim().strip_prefix("LIMBECK_")?.strip_suffix(',')?.split_once(" = ")?;
            Some((name.to_lowercase().replacen('_', ".", 1), number.to_owned()))
        });
        Driver { child, requests, answers: BufReader::new(answers), numbers: numbers.collect() }
    }

    /// What it answers, or what it fails with.
    pub fn ask(&mut self, verb: &str, text: &str) -> Result<String, String> {
        write!(self.requests, "{verb} {}\n{text}", text.len()).unwrap();
        self.requests.flush().unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let [status, length] = *line.trim().split(' ').collect::<Vec<_>>() else {
            panic!("{verb} {text}: {line:?}");
        };
        let mut bytes = vec![0; length.parse().unwrap()];
        self.answers.read_exact(&mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        match status {
            "0" => Ok(text),
            // Of SQLite's own.
            "-1" => Err(text),
            status => {
                let code = parsed(&text).unwrap()["error"]["code"].as_str().unwrap().to_owned();
                assert_eq!(self.numbers.get(&code).map(String::as_str), Some(status), "{code}");
                Err(text)
            }
        }
    }

    /// The first column of each row.
    pub fn texts(&mut self, sql: &str) -> Vec<String> {
        let all = self.ask("texts", sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let (mut rest, mut texts) = (&*all, Vec::new());
        while let Some((length, after)) = rest.split_once('\n') {
            let (text, next) = after.split_at(length.parse().unwrap());
            texts.push(text.to_owned());
            rest = next;
        }
        texts
    }

    /// The schema, as `schema.sql` has it.
    fn schema(&mut self) -> String {
        let all = self.texts(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
             AND tbl_name NOT LIKE 'limbeck\\_%' ESCAPE '\\' ORDER BY type, name",
        );
        all.into_iter().map(|sql| sql + ";\n").collect::<Vec<_>>().join("\n")
    }

    /// The rows, as `rows.txt` has them; with limbeck's and SQLite's own if `all`.
    fn rows(&mut self, all: bool) -> String {
        let mut lines = String::new();
        for table in self.texts("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") {
            if !all && (table.starts_with("limbeck_") || table.starts_with("sqlite_")) {
                continue;
            }
            let (literal, name) = (table.replace('\'', "''"), table.replace('"', "\"\""));
            let columns = format!("SELECT name FROM pragma_table_xinfo('{literal}') WHERE hidden <> 1");
            let columns: Vec<String> = self
                .texts(&columns)
                .iter()
                .map(|column| format!("'|' || quote(\"{}\")", column.replace('"', "\"\"")))
                .collect();
            let keyed = format!("SELECT wr FROM pragma_table_list('{literal}') WHERE schema = 'main'");
            let order = if self.texts(&keyed) == ["0"] { " ORDER BY rowid" } else { "" };
            let sql =
                format!("SELECT '{literal}' || {} FROM \"{name}\" NOT INDEXED{order}", columns.join(" || "));
            for line in self.texts(&sql) {
                lines += &format!("{line}\n");
            }
        }
        lines
    }

    fn state(&mut self) -> String {
        let schema = "SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') \
                      FROM sqlite_schema ORDER BY type, name";
        self.texts(schema).join("\n") + "\n" + &self.rows(true)
    }
}

#[test]
fn every_case_on_the_amalgamation() {
    cases("driver-amalgamation", Sqlite::Amalgamation);
}

#[test]
fn every_case_on_the_systems_sqlite() {
    if crate::support::sqlites().contains(&Sqlite::System) {
        cases("driver-system", Sqlite::System);
    }
}

fn cases(name: &str, sqlite: Sqlite) {
    let source = crate::support::here().join("tests/c/driver.c");
    let program = crate::support::compile(name, &SANITIZED, &[source], sqlite);
    let mut driver = Driver::new(&program);
    let areas = folder(&crate::support::here().join("../tests/conformance/cases"));
    let cases: Vec<PathBuf> = areas.iter().flat_map(|area| folder(area)).collect();
    assert!(cases.len() > 100, "{} cases", cases.len());
    let mut failures = Vec::new();
    driver.ask("open", "").unwrap();
    let version = driver.texts("SELECT sqlite_version()").remove(0);
    let mut record = format!("{}\n", json!({"surface": "C", "sqlite": version}));
    for path in &cases {
        let name: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
        let name = format!("{}/{}", name[1], name[0]);
        let mut told = json!({"case": name, "steps": []});
        let found = case(&mut driver, path, sqlite, &mut told);
        record += &format!("{told}\n");
        failures.extend(found.into_iter().map(|what| format!("{name}/{what}")));
    }
    let records = crate::support::here().join("../target/conformance");
    std::fs::create_dir_all(&records).unwrap();
    std::fs::write(records.join(format!("c-{version}.jsonl")), record).unwrap();
    drop(driver.requests);
    assert!(driver.child.wait().unwrap().success());
    let (count, of) = (failures.len(), cases.len());
    assert!(failures.is_empty(), "{of} cases, {count} failures:\n\n{}", failures.join("\n\n"));
}

/// Runs one case; each failure begins with the file that differs. `told` gets what came of it.
fn case(driver: &mut Driver, path: &Path, sqlite: Sqlite, told: &mut Value) -> Vec<String> {
    let case: Value = serde_json::from_str(&read(&path.join("case.json"))).unwrap();
    driver.ask("open", "").unwrap();
    driver.ask("exec", "PRAGMA foreign_keys = OFF").unwrap();
    for (name, value) in case["options"].as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        driver.ask("set", &format!("{name}={value}")).unwrap();
    }
    let before = path.join("before.sql");
    if before.exists()
        && let Err(error) = driver.ask("exec", &read(&before))
    {
        return vec![format!("before.sql: {error}")];
    }
    let foreign_keys = driver.texts("PRAGMA foreign_keys");
    let mut failures = Vec::new();
    for step in case["steps"].as_array().unwrap() {
        let call = step["run"].as_str().unwrap();
        let migrations = path.join(step["migrations"].as_str().unwrap_or("migrations"));
        let newer = step["newer_database"].as_str().unwrap_or("refuse");
        driver.ask("set", &format!("newer_database={newer}")).unwrap();
        driver.ask("folder", migrations.to_str().unwrap()).unwrap();
        if let Err(failure) = take(driver, step, path, call, sqlite, told) {
            failures.push(format!("case.json: {call}: {failure}"));
        }
        if driver.texts("PRAGMA foreign_keys") != foreign_keys {
            failures.push(format!("case.json: {call}: PRAGMA foreign_keys has changed"));
        }
    }
    if driver.texts("PRAGMA integrity_check") != ["ok"] {
        failures.push("schema.sql: integrity_check".to_owned());
    }
    for (name, found) in [("schema.sql", driver.schema()), ("rows.txt", driver.rows(false))] {
        told[name] = json!(found);
        let file = path.join(name);
        let want = if file.exists() { read(&file) } else { String::new() };
        // SQLite's own ALTER has its own layout, version by version.
        let same = found == want
            || sqlite == Sqlite::System && name == "schema.sql" && limbeck::sql::same_text(&found, &want);
        if !same {
            failures.push(format!("{name}:\n--- expected\n{want}\n--- found\n{found}"));
        }
    }
    failures
}

/// Takes one step.
fn take(
    driver: &mut Driver,
    step: &Value,
    path: &Path,
    call: &str,
    sqlite: Sqlite,
    told: &mut Value,
) -> Result<(), String> {
    let before = driver.state();
    let found = match call.strip_prefix("check ") {
        Some(file) => driver.ask("check", &std::fs::read_to_string(path.join(file)).unwrap()),
        None => match call.strip_prefix("diff ") {
            Some(file) => {
                let options =
                    if step["compare"].is_null() { String::new() } else { step["compare"].to_string() };
                let schema = std::fs::read_to_string(path.join(file)).unwrap();
                driver.ask("diff", &format!("{options}\n{schema}"))
            }
            None => driver.ask("run", call),
        },
    };
    told["steps"].as_array_mut().unwrap().push(match &found {
        Ok(script) if call.ends_with("--sql") => json!({"ok": script}),
        Ok(found) => json!({"ok": timeless(parsed(found)?)}),
        Err(error) => timeless(parsed(error)?),
    });
    let found = found.and_then(|found| ran(driver, call, found));
    let expected = step["error"].as_str();
    match (found, expected) {
        (Ok(found), None) => {
            let (found, want) = (compared(found, sqlite), compared(step["expect"].clone(), sqlite));
            if found == want { Ok(()) } else { Err(format!("found {found}\nexpected {want}")) }
        }
        (Ok(found), Some(code)) => Err(format!("{code} was expected, and it succeeds: {found}")),
        (Err(error), None) => Err(format!("fails: {error}")),
        (Err(json), Some(code)) => {
            let all = parsed(&json)?;
            let error = &all["error"];
            let same = |name: &str| step[name].is_null() || step[name] == error[name];
            let message = error["message"].as_str().unwrap_or_default();
            let part = step["message"].as_str().unwrap_or_default();
            if error["code"] != code
                || !message.contains(part)
                || !same("file")
                || !same("line")
                || !same("violations")
                || !step["newer"].is_null() && compared(error["newer"].clone(), sqlite) != step["newer"]
            {
                return Err(format!("another error: {json}"));
            }
            match &step["report"] {
                Value::Null if driver.state() != before => Err(format!("{code} has changed the database")),
                Value::Null => Ok(()),
                want => {
                    let (found, want) =
                        (compared(all["report"].clone(), sqlite), compared(want.clone(), sqlite));
                    if found == want { Ok(()) } else { Err(format!("another report: {found}")) }
                }
            }
        }
    }
}

/// A printed script is run, and is no result; all else is JSON.
fn ran(driver: &mut Driver, call: &str, found: String) -> Result<Value, String> {
    if !call.ends_with("--sql") {
        return parsed(&found);
    }
    driver.ask("exec", &found.replace(".bail on\n", "")).map(|_| Value::Null).map_err(|message| {
        let _ = driver.ask("exec", "ROLLBACK");
        json!({"error": {"code": "sql.failed", "message": message}}).to_string()
    })
}

fn parsed(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("{error}: {text}"))
}

/// Without what differs between two equal runs.
fn timeless(mut value: Value) -> Value {
    leave_out(&mut value, &["timing", "applied_at"]);
    value
}

/// The same; on a system's SQLite without what depends on its version.
fn compared(value: Value, sqlite: Sqlite) -> Value {
    let mut value = timeless(value);
    if sqlite == Sqlite::System {
        leave_out(&mut value, &["way", "why", "rows", "statements"]);
    }
    value
}

fn leave_out(value: &mut Value, names: &[&str]) {
    if let Some(members) = value.as_object_mut() {
        members.retain(|name, _| !names.contains(&name.as_str()));
        members.values_mut().for_each(|member| leave_out(member, names));
    }
    value.as_array_mut().into_iter().flatten().for_each(|item| leave_out(item, names));
}

fn folder(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
