//! What the runners of the conformance suite have written down, compared: one behaviour, whichever the
//! language. It comes last, when all have run, and prints a line for each.
//!
//!     cargo run -p limbeck-tests --example surfaces
//!
//! A runner writes `target/conformance/<name>.jsonl`, and of the cases for files `files/<name>.jsonl`: first `{"surface", "sqlite", "defensive"}`, then for
//! each case what every step answered, and the database it left. Two surfaces on the same SQLite must have
//! written the same, byte for byte, but for points in time. On another SQLite, or on connections where no
//! `CREATE` text can be edited, other ways are taken: the ways, and texts of SQLite's own, are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use limbeck::ErrorKind;
use serde::Deserialize;
use serde_json::Value;

/// The first line of a record.
#[derive(Deserialize)]
struct Head {
    surface: String,
    sqlite: String,
    #[serde(default)]
    defensive: bool,
}

/// What came of one case.
#[derive(Deserialize)]
struct Line {
    case: String,
    steps: Vec<Value>,
    #[serde(rename = "schema.sql", default)]
    schema: String,
    #[serde(rename = "rows.txt", default)]
    rows: String,
    skipped: Option<String>,
    /// The folder of a case for files.
    place: Option<String>,
}

struct Record {
    head: Head,
    lines: BTreeMap<String, Line>,
}

impl Record {
    fn read(path: &Path) -> Result<Record, String> {
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        let mut lines = text.lines();
        let head =
            serde_json::from_str(lines.next().unwrap_or_default()).map_err(|error| error.to_string())?;
        let mut all = BTreeMap::new();
        for line in lines {
            let line: Line = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
            if let Some(twice) = all.insert(line.case.clone(), line) {
                return Err(format!("{} stands there twice", twice.case));
            }
        }
        Ok(Record { head, lines: all })
    }

    /// Surfaces of which this is equal take the same ways.
    fn kind(&self) -> (&str, bool) {
        (&self.head.sqlite, self.head.defensive)
    }

    fn name(&self) -> String {
        format!("{}, SQLite {}", self.head.surface, self.head.sqlite)
    }
}

/// What is run where everything is there.
const ALL: &[&str] =
    &["Rust", "C", "Python", "Command", "sql.js", "sqlite-wasm", "node:sqlite", "better-sqlite3"];

/// Of these, those that open files.
const ON_FILES: &[&str] = &["Rust", "C", "Python", "Command", "node:sqlite", "better-sqlite3"];

fn main() -> ExitCode {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    let records = here.join("../../target/conformance");
    let skips = fs::read_to_string(here.join("skips.json")).unwrap();
    let reasons: BTreeMap<String, String> = serde_json::from_str(&skips).unwrap();
    let mut failures = Vec::new();
    let suite = Suite { cases: cases(&here.join("cases")), reasons: &reasons };
    suite.table("cases", &records, ALL, &mut failures);
    let suite = Suite { cases: cases_for_files(&here.join("files")), reasons: &reasons };
    suite.table("cases for files", &records.join("files"), ON_FILES, &mut failures);
    for (reason, about) in &reasons {
        println!("{reason}: {about}");
    }
    for failure in &failures {
        eprintln!("{failure}");
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One of the two conformance suites.
struct Suite<'r> {
    /// Every case, and the codes that its steps end with.
    cases: BTreeMap<String, Vec<String>>,
    /// Why a case may be skipped.
    reasons: &'r BTreeMap<String, String>,
}

impl Suite<'_> {
    /// Prints what the records of a folder come to.
    fn table(&self, what: &str, folder: &Path, all: &[&str], failures: &mut Vec<String>) {
        let mut records = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "jsonl") {
                match Record::read(&path) {
                    Ok(record) => records.push(record),
                    Err(error) => failures.push(format!("{}: {error}", path.display())),
                }
            }
        }
        // The record that others are measured by: Rust's, and it is the first.
        records.sort_by_key(|record| (record.head.surface != "Rust", record.name()));
        if records.first().is_none_or(|first| first.head.surface != "Rust") {
            let test = "cargo test -p limbeck-tests --test conformance --test file_cases";
            return failures.push(format!("there is no record of Rust's: run {test}"));
        }
        let (cases, codes) = (self.cases.len(), self.codes().len());
        println!("{cases} {what}, which end with {codes} of {} error codes\n", ErrorKind::ALL.len());
        println!("| surface | equal | to | codes | skipped |\n|---|---|---|---|---|");
        for record in &records {
            println!("{}", self.row(record, &records, failures));
        }
        println!();
        let there =
            |name: &&&str| records.iter().any(|record| record.head.surface.split(' ').next() == Some(name));
        for name in all.iter().filter(|name| !there(name)) {
            println!("not run here: {name}\n");
        }
    }

    fn codes(&self) -> BTreeSet<&str> {
        self.cases.values().flatten().map(|code| &**code).collect()
    }

    /// The line of the table for one record.
    fn row(&self, record: &Record, records: &[Record], failures: &mut Vec<String>) -> String {
        let reached = self.codes();
        let same = records.iter().find(|other| other.kind() == record.kind()).expect("itself");
        let (mut equal, mut skipped, mut seen) = (0, BTreeMap::<&str, usize>::new(), BTreeSet::new());
        for (case, codes) in &self.cases {
            let mut fail = |what: String| failures.push(format!("{}: {case}: {what}", record.name()));
            let Some(line) = record.lines.get(case) else {
                fail("was not run".to_owned());
                continue;
            };
            let parts: Vec<&str> = line.steps.iter().filter_map(|step| step["skipped"].as_str()).collect();
            for &reason in parts.iter().chain(line.skipped.as_deref().iter()) {
                if !self.reasons.contains_key(reason) {
                    fail(format!("{reason} is no reason of skips.json"));
                }
                *skipped.entry(reason).or_default() += 1;
            }
            if line.skipped.is_some() {
                continue;
            }
            let found: BTreeSet<&str> =
                line.steps.iter().filter_map(|step| step["error"]["code"].as_str()).collect();
            // A printed script fails in SQLite, past limbeck.
            let missing = codes.iter().find(|code| !found.contains(&***code) && *code != "sql.failed");
            if let Some(code) = missing.filter(|_| parts.is_empty()) {
                fail(format!("did not end with {code}"));
            }
            seen.extend(found.into_iter().filter(|code| reached.contains(code)));
            match self.different(case, line, [same, &records[0]]) {
                None => equal += 1,
                Some(what) => fail(what),
            }
        }
        let skipped: Vec<String> =
            skipped.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        let to = if same.kind() == records[0].kind() { "Rust" } else { &same.head.surface };
        let defensive = if record.head.defensive { ", defensive" } else { "" };
        let (name, skipped) = (record.name(), skipped.join(", "));
        format!("| {name}{defensive} | {equal} | {to} | {} | {skipped} |", seen.len())
    }

    /// What differs from the first record that takes the same ways, byte for byte, and from Rust's but for
    /// the ways.
    fn different(&self, case: &str, line: &Line, [same, rust]: [&Record; 2]) -> Option<String> {
        [(same, true), (rust, same.kind() == rust.kind())].into_iter().find_map(|(other, whole)| {
            let there = other.lines.get(case).filter(|there| there.skipped.is_none())?;
            different(there, line, whole).map(|what| format!("is not what it is in {}: {what}", other.name()))
        })
    }
}

/// What differs between a case here and there, in words. Not `whole`: but for what depends on the way.
fn different(there: &Line, here: &Line, whole: bool) -> Option<String> {
    if here.rows != there.rows {
        return Some(format!("rows.txt\n  {}\n  {}", there.rows, here.rows));
    }
    if whole && here.schema != there.schema {
        return Some(format!("schema.sql\n  {}\n  {}", there.schema, here.schema));
    }
    if here.steps.len() != there.steps.len() {
        return Some(format!("{} steps of {}", here.steps.len(), there.steps.len()));
    }
    let (place, other_place) = (here.place.as_deref(), there.place.as_deref());
    here.steps.iter().zip(&there.steps).find_map(|(here, there)| {
        if here.get("skipped").is_some() || there.get("skipped").is_some() {
            return None;
        }
        let (here, there) = (compared(here, whole, place), compared(there, whole, other_place));
        (here != there).then(|| format!("\n  {there}\n  {here}"))
    })
}

/// A step's answer as text; points in time, and the folder of a case for files, blotted out.
fn compared(step: &Value, whole: bool, place: Option<&str>) -> String {
    let mut step = step.clone();
    if !whole {
        leave_out(&mut step, OF_THE_WAY);
    }
    if place.is_some() {
        leave_out(&mut step, OF_A_RUN);
    }
    let mut text = step.to_string();
    if let Some(place) = place {
        text = without_names(&text.replace(place, "(the folder)"));
    }
    let mut from = 0;
    while let Some(at) = text[from..].find("-").map(|at| from + at) {
        from = at + 1;
        // 2026-01-02T03:04:05.678Z
        if let Some(start) = at.checked_sub(4)
            && let Some(time) = text.get(start..start + 24)
            && time
                .bytes()
                .zip("0000-00-00T00:00:00.000Z".bytes())
                .all(|(byte, like)| if like == b'0' { byte.is_ascii_digit() } else { byte == like })
        {
            text.replace_range(start..start + 24, "(a time)");
            from = start;
        }
    }
    text
}

/// What depends on the way, or on the words of SQLite's version.
const OF_THE_WAY: &[&str] =
    &["way", "why", "rows", "statements", "warnings", "message", "sqlite", "known_faults", "failures"];

/// What differs between two runs, or tells of a machine, a connection, a build of SQLite.
const OF_A_RUN: &[&str] =
    &["timing", "applied_at", "taken_at", "duration_ms", "sha256", "compile_options", "settings", "volumes"];

fn leave_out(value: &mut Value, gone: &[&str]) {
    if let Some(members) = value.as_object_mut() {
        members.retain(|name, _| !gone.contains(&name.as_str()));
        // A printed script.
        if gone == OF_THE_WAY && members.get("ok").is_some_and(Value::is_string) {
            members.remove("ok");
        }
        members.values_mut().for_each(|member| leave_out(member, gone));
    }
    value.as_array_mut().into_iter().flatten().for_each(|member| leave_out(member, gone));
}

/// A text without the names of backups, which tell the time.
fn without_names(text: &str) -> String {
    let mut parts = text.split("/backups/app.db.");
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        all += "/backups/app.db.(a time)";
        all += part.find(".backup").map_or(part, |end| &part[end..]);
    }
    all
}

/// Every case for files, and the codes that its steps end with.
fn cases_for_files(path: &Path) -> BTreeMap<String, Vec<String>> {
    let files = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let cases = files.filter(|path| path.is_file());
    cases.map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), codes(&path))).collect()
}

/// The codes that the steps of a case end with.
fn codes(case: &Path) -> Vec<String> {
    let json: Value = serde_json::from_str(&fs::read_to_string(case).unwrap()).unwrap();
    let steps = json["steps"].as_array().into_iter().flatten();
    steps.filter_map(|step| step["error"].as_str().map(str::to_owned)).collect()
}

/// Every case, and the codes that its steps end with.
fn cases(path: &Path) -> BTreeMap<String, Vec<String>> {
    let folders =
        |path: &Path| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut all = BTreeMap::new();
    for case in folders(path).iter().flat_map(|area| folders(area)) {
        let name: Vec<_> = case.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
        all.insert(format!("{}/{}", name[1], name[0]), codes(&case.join("case.json")));
    }
    all
}
