//! guides/parity.md says which verb stands where. Each surface is asked here what it exports: each export must stand in
//! exactly one row, and where a row has none its reason must stand. Python and JavaScript ask their classes too.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::repository;

const SURFACES: [&str; 5] = ["Rust", "C", "Python", "JavaScript", "command line"];

fn source(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

/// The public methods of Rust's `Migrator`.
fn rust() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut paths = vec![repository().join("core/src/migrator")];
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let mut of_migrator = false;
        for line in fs::read_to_string(path).unwrap().lines() {
            if line.starts_with("impl") {
                let of = line.trim_end_matches(" {").rsplit(' ').next().unwrap();
                of_migrator = of.starts_with("Migrator<");
            }
            let name = line.strip_prefix("    pub fn ").and_then(|rest| rest.split(['(', '<']).next());
            found.extend(name.filter(|_| of_migrator).map(str::to_owned));
        }
    }
    found
}

/// The functions of the header that have a migrator.
fn c() -> BTreeSet<String> {
    let header = source("ffi/include/limbeck.h");
    let calls = header.lines().filter(|line| !line.starts_with([' ', '/', '#']));
    let names = calls.filter_map(|line| line.split_once(" limbeck_migrator_")?.1.split('(').next());
    names.filter(|name| *name != "free").map(str::to_owned).collect()
}

/// The methods of Python's class, and what its constructor takes.
fn python() -> (BTreeSet<String>, BTreeSet<String>) {
    let module = source("python-bindings/python/limbeck/_migrator.py");
    let class = module.split_once("class Migrator:").unwrap().1.split("\ndef ").next().unwrap().to_owned();
    let methods = class.lines().filter_map(|line| line.strip_prefix("    def ")?.split('(').next());
    let taken = class.split_once("def __init__(").unwrap().1.split_once(") ->").unwrap().0.to_owned();
    let taken = taken.lines().filter_map(|line| line.trim().split_once(':')).map(|(name, _)| name.to_owned());
    // The handle is made before a run, and so belongs to what is chosen.
    let verbs = methods.filter(|name| !name.starts_with('_') && *name != "cancel_handle");
    (verbs.map(str::to_owned).collect(), taken.collect())
}

/// The methods of JavaScript's class, and its options.
fn javascript() -> (BTreeSet<String>, BTreeSet<String>) {
    let module = source("wasm/js/migrator.ts");
    let class = module.split_once("export class Migrator {").unwrap().1.split_once("\n}\n").unwrap().0;
    let name = |line: &str| {
        let line = line
            .strip_prefix("  ")
            .filter(|line| line.starts_with(|char: char| char.is_ascii_lowercase()))?;
        Some(line.split_once('(')?.0.to_owned())
    };
    let methods = class.lines().filter_map(name).filter(|name| name != "constructor");
    let options = module.split_once("interface MigratorOptions {").unwrap().1.split_once("\n}").unwrap().0;
    let options = options
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_once("?:"))
        .map(|(name, _)| name.to_owned());
    (methods.collect(), options.collect())
}

/// The commands, and the options of every command, by the command's own help.
fn command_line() -> (BTreeSet<String>, BTreeSet<String>) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_limbeck")).arg("--help").env("COLUMNS", "100").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let part = |from: &str| help.split_once(from).unwrap().1.split("\n\n").next().unwrap().to_owned();
    let command = |line: &str| {
        let line = line.strip_prefix("  ").filter(|line| !line.starts_with(' '))?;
        Some(line.split(' ').next()?.to_owned())
    };
    let commands = part("Commands:\n").lines().filter_map(command).filter(|name| name != "help").collect();
    let options = part("Options of every command:\n");
    // Which database, which settings and in which form it answers belong to a command line alone.
    let of_its_own = ["--config", "--database", "--json"];
    let options =
        options.split_whitespace().filter(|word| word.starts_with("--") && !of_its_own.contains(word));
    (commands, options.map(str::to_owned).collect())
}

/// The cells of a part of the page, by surface: what each names, without those that say why there is nothing.
fn named(part: &str) -> [Vec<String>; 5] {
    let mut all: [Vec<String>; 5] = Default::default();
    let rows = part.lines().filter(|line| line.starts_with("| ")).skip(1);
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, cells @ ..] = &cells[..] else { panic!("{row}") };
        assert_eq!(cells.len(), SURFACES.len(), "{row}");
        for (cell, names) in cells.iter().zip(&mut all) {
            match cell.strip_prefix("– ") {
                Some(why) => assert!(why.len() > 5, "no reason: {row}"),
                None => {
                    let before = names.len();
                    names.extend(cell.split('`').skip(1).step_by(2).map(str::to_owned));
                    assert!(names.len() > before, "an empty cell has a reason: {row}");
                }
            }
        }
    }
    all
}

#[test]
fn every_export_stands_in_one_row() {
    let page = source("core/guides/parity.md");
    let (verbs, choices) = page.split_once("## What is chosen before").expect("two tables");
    let (verbs, choices) = (named(verbs), named(choices));
    let same = |surface: &str, rows: &[String], exports: &BTreeSet<String>| {
        let once: BTreeSet<String> = rows.iter().cloned().collect();
        assert_eq!(once.len(), rows.len(), "{surface}: a name stands twice in core/guides/parity.md");
        let missing: Vec<_> = exports.difference(&once).collect();
        let gone: Vec<_> = once.difference(exports).collect();
        assert!(
            missing.is_empty() && gone.is_empty(),
            "{surface}: core/guides/parity.md has no row for {missing:?}, and a row for {gone:?}, which is not there"
        );
        assert!(exports.len() > 2, "{surface}: {exports:?}");
    };
    // Rust's and C's choices are methods as the verbs are.
    for (surface, exports) in [(0, rust()), (1, c())] {
        same(SURFACES[surface], &[verbs[surface].clone(), choices[surface].clone()].concat(), &exports);
    }
    for (surface, (methods, options)) in [(2, python()), (3, javascript()), (4, command_line())] {
        same(SURFACES[surface], &verbs[surface], &methods);
        same(SURFACES[surface], &choices[surface], &options);
    }
}
