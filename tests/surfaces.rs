//! What the runners of the conformance suite have written down, compared: one behaviour, whichever the
//! language. It comes last, when all have run, and prints a line for each.
//!
//!     cargo run -p limbeck-tests --example surfaces
//!
//! A runner writes `target/conformance/<name>.jsonl`: first `{"surface", "sqlite", "defensive"}`, then for
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

fn main() -> ExitCode {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let suite = Suite {
        cases: cases(&here.join("conformance/cases")),
        reasons: serde_json::from_str(&fs::read_to_string(here.join("conformance/skips.json")).unwrap())
            .unwrap(),
    };
    let mut failures = Vec::new();
    let mut records = Vec::new();
    for entry in fs::read_dir(here.join("../target/conformance")).into_iter().flatten() {
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
        eprintln!("there is no record of Rust's: run cargo test -p limbeck-tests --test conformance");
        return ExitCode::FAILURE;
    }
    let (cases, codes) = (suite.cases.len(), suite.codes().len());
    println!("{cases} cases, which end with {codes} of {} error codes\n", ErrorKind::ALL.len());
    println!("| surface | equal | to | codes | skipped |\n|---|---|---|---|---|");
    for record in &records {
        println!("{}", suite.row(record, &records, &mut failures));
    }
    println!();
    for (reason, about) in &suite.reasons {
        println!("{reason}: {about}");
    }
    let there =
        |name: &&&str| records.iter().any(|record| record.head.surface.split(' ').next() == Some(name));
    for name in ALL.iter().filter(|name| !there(name)) {
        println!("not run here: {name}");
    }
    for failure in &failures {
        eprintln!("{failure}");
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The conformance suite.
struct Suite {
    /// Every case, and the codes that its steps end with.
    cases: BTreeMap<String, Vec<String>>,
    /// Why a case may be skipped.
    reasons: BTreeMap<String, String>,
}

impl Suite {
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
    here.steps.iter().zip(&there.steps).find_map(|(here, there)| {
        if here.get("skipped").is_some() || there.get("skipped").is_some() {
            return None;
        }
        let (here, there) = (compared(here, whole), compared(there, whole));
        (here != there).then(|| format!("\n  {there}\n  {here}"))
    })
}

/// A step's answer as text, points in time blotted out.
fn compared(step: &Value, whole: bool) -> String {
    let mut step = step.clone();
    if !whole {
        leave_out(&mut step);
    }
    let mut text = step.to_string();
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

/// Leaves out what depends on the way, or on the words of SQLite's version.
fn leave_out(value: &mut Value) {
    if let Some(members) = value.as_object_mut() {
        let gone = ["way", "why", "rows", "statements", "warnings", "message"];
        members.retain(|name, _| !gone.contains(&name.as_str()));
        // A printed script.
        if members.get("ok").is_some_and(Value::is_string) {
            members.remove("ok");
        }
        members.values_mut().for_each(leave_out);
    }
    value.as_array_mut().into_iter().flatten().for_each(leave_out);
}

/// Every case, and the codes that its steps end with.
fn cases(path: &Path) -> BTreeMap<String, Vec<String>> {
    let folders =
        |path: &Path| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut all = BTreeMap::new();
    for case in folders(path).iter().flat_map(|area| folders(area)) {
        let json = fs::read_to_string(case.join("case.json")).unwrap();
        let json: Value = serde_json::from_str(&json).unwrap();
        let steps = json["steps"].as_array().into_iter().flatten();
        let codes = steps.filter_map(|step| step["error"].as_str().map(str::to_owned)).collect();
        let name: Vec<_> = case.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
        all.insert(format!("{}/{}", name[1], name[0]), codes);
    }
    all
}
