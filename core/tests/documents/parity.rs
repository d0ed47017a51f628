//! guides/parity.md: which verb stands where. Written by `LIMBECK_BLESS=1`, from the rows below and what each
//! surface exports: each export stands in exactly one row, and where a row has none its reason stands.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::repository;

/// What stands in one cell.
enum Cell {
    /// The exports, in order.
    Is(&'static [&'static str]),
    /// Why there is none.
    Not(&'static str),
}
use Cell::{Is, Not};

/// A row: what it does, then Rust, C, Python, JavaScript, the command line.
type Row = (&'static str, [Cell; 5]);

const WRITES: &str = "writes a file: the developer's command";
const TRIES: &str = "for the developer's folder: the command";
const LENT: &str = "no JavaScript library lends SQLite's backup API synchronously";

/// Verbs: methods of `Migrator`, commands.
const VERBS: &[Row] = &[
    ("apply", [Is(&["upgrade"]), Is(&["upgrade"]), Is(&["upgrade"]), Is(&["upgrade"]), Is(&["upgrade"])]),
    (
        "take back",
        [Is(&["downgrade"]), Is(&["downgrade"]), Is(&["downgrade"]), Is(&["downgrade"]), Is(&["downgrade"])],
    ),
    (
        "say where a database is",
        [Is(&["stamp"]), Is(&["stamp"]), Is(&["stamp"]), Is(&["stamp"]), Is(&["stamp"])],
    ),
    (
        "make limbeck's tables",
        [
            Is(&["ensure_version"]),
            Is(&["ensure_version"]),
            Is(&["ensure_version"]),
            Is(&["ensureVersion"]),
            Is(&["ensure_version"]),
        ],
    ),
    (
        "what it is at",
        [Is(&["current", "rows"]), Is(&["current"]), Is(&["current"]), Is(&["current"]), Is(&["current"])],
    ),
    (
        "fail unless it is at the heads",
        [
            Is(&["check_heads"]),
            Is(&["check_heads"]),
            Is(&["check_heads"]),
            Is(&["checkHeads"]),
            Not("`current --check-heads`"),
        ],
    ),
    (
        "what an upgrade would apply",
        [Is(&["pending"]), Is(&["pending"]), Is(&["pending"]), Is(&["pending"]), Is(&["status"])],
    ),
    (
        "what it would do, and how",
        [
            Is(&["dry_run"]),
            Is(&["plan"]),
            Not("`limbeck upgrade --plan`, which the wheel brings"),
            Is(&["plan"]),
            Not("`upgrade --plan`, `downgrade --plan`"),
        ],
    ),
    (
        "a script for the sqlite3 shell",
        [
            Is(&["sql", "ensure_version_sql"]),
            Is(&["sql"]),
            Not("`limbeck upgrade --sql`, which the wheel brings"),
            Is(&["sql"]),
            Not("`--sql` of `upgrade`, `downgrade`, `stamp`, `ensure_version`"),
        ],
    ),
    (
        "list revisions",
        [
            Is(&["revisions", "describe"]),
            Is(&["history"]),
            Is(&["history"]),
            Is(&["history"]),
            Is(&["history"]),
        ],
    ),
    ("heads", [Not("`graph().heads()`"), Is(&["heads"]), Is(&["heads"]), Is(&["heads"]), Is(&["heads"])]),
    (
        "branch points",
        [
            Not("`graph()`"),
            Is(&["branches"]),
            Not("`branch_point` in what `history` answers"),
            Is(&["branches"]),
            Is(&["branches"]),
        ],
    ),
    ("one revision", [Is(&["graph", "script"]), Is(&["show"]), Is(&["show"]), Is(&["show"]), Is(&["show"])]),
    (
        "join heads",
        [
            Not("`graph().merge(…)`, and `script::new_file`"),
            Is(&["merge"]),
            Not("not yet: `limbeck merge` writes one"),
            Is(&["merge"]),
            Is(&["merge"]),
        ],
    ),
    (
        "read every body",
        [
            Is(&["validate"]),
            Is(&["validate"]),
            Is(&["validate"]),
            Is(&["validate"]),
            Not("`lint`; each command reads all of them"),
        ],
    ),
    (
        "the folder against a wanted schema",
        [Is(&["check"]), Is(&["check"]), Is(&["check"]), Is(&["check"]), Is(&["check"])],
    ),
    (
        "one schema against another",
        [Is(&["diff", "schema"]), Is(&["diff"]), Is(&["diff"]), Is(&["diff"]), Is(&["diff"])],
    ),
    (
        "write the difference as a revision",
        [
            Is(&["autogenerate"]),
            Not(WRITES),
            Not("`limbeck revision --autogenerate`, from SQLAlchemy's models too"),
            Not(WRITES),
            Not("`revision --autogenerate`"),
        ],
    ),
    (
        "is the database what the folder makes?",
        [Is(&["verify"]), Is(&["verify"]), Is(&["verify"]), Is(&["verify"]), Is(&["verify"])],
    ),
    (
        "a schema's fingerprint",
        [
            Is(&["fingerprint"]),
            Is(&["fingerprint"]),
            Not("`verify(…).fingerprint`"),
            Is(&["fingerprint"]),
            Not("`verify --json`"),
        ],
    ),
    (
        "go on where refinery was",
        [
            Is(&["adopt"]),
            Not("refinery is Rust's"),
            Not("refinery is Rust's"),
            Not("refinery is Rust's"),
            Is(&["adopt"]),
        ],
    ),
    (
        "recognise an unknown database",
        [
            Is(&["recognise", "adopt_schema"]),
            Not("`limbeck adopt` does it, once"),
            Not("`limbeck adopt` does it, once"),
            Not("`limbeck adopt` does it, once"),
            Not("`adopt`, `adopt --finish`"),
        ],
    ),
    ("back up", [Is(&["back_up"]), Is(&["back_up"]), Is(&["back_up"]), Not(LENT), Is(&["backup"])]),
    (
        "list backups",
        [Is(&["backups", "can_open"]), Is(&["backups"]), Is(&["backups"]), Not(LENT), Is(&["backups"])],
    ),
    (
        "the newest that this app can open",
        [
            Is(&["newest_compatible_backup"]),
            Is(&["newest_compatible_backup"]),
            Is(&["newest_compatible_backup"]),
            Not(LENT),
            Not("`restore` takes it, unless it is told another"),
        ],
    ),
    (
        "restore",
        [
            Is(&["restore"]),
            Is(&["restore"]),
            Is(&["restore"]),
            Not("`restoreIndexedDb` for what `openIndexedDb` keeps"),
            Is(&["restore"]),
        ],
    ),
    (
        "look at a database for a bug report",
        [Is(&["doctor"]), Is(&["doctor"]), Is(&["doctor"]), Is(&["doctor"]), Is(&["doctor"])],
    ),
    ("find what will hurt", [Is(&["lint"]), Not(TRIES), Not(TRIES), Not(TRIES), Is(&["lint"])]),
    (
        "try the migrations on invented rows",
        [
            Is(&["test", "test_snapshot", "invent"]),
            Not(TRIES),
            Not(TRIES),
            Not(TRIES),
            Is(&["test", "snapshot"]),
        ],
    ),
    (
        "begin, write, edit a file",
        [Not("`script::new_file`"), Not(WRITES), Not(WRITES), Not(WRITES), Is(&["init", "revision", "edit"])],
    ),
    (
        "draw the graph",
        [
            Not("`limbeck graph`"),
            Not("`limbeck graph`"),
            Not("`limbeck graph`"),
            Not("`limbeck graph`"),
            Is(&["graph"]),
        ],
    ),
    (
        "the folder as one file",
        [
            Not("`include_dir!`"),
            Not("`limbeck embed`"),
            Not("Python reads files"),
            Not("`limbeck embed --manifest`, or a bundler"),
            Is(&["embed"]),
        ],
    ),
    (
        "help of the shell",
        [
            Not("a command's"),
            Not("a command's"),
            Not("a command's"),
            Not("a command's"),
            Is(&["completions", "man"]),
        ],
    ),
];

/// What is chosen before a verb: methods of Rust's and C's migrator, arguments in Python, options in JavaScript, flags.
const CHOICES: &[Row] = &[
    (
        "where migrations come from",
        [
            Is(&["new", "with_code"]),
            Is(&["from_folder", "from_memory", "from_memory_with_code"]),
            Is(&["migrations"]),
            Not("the first argument"),
            Is(&["--migrations"]),
        ],
    ),
    (
        "the app's version",
        [
            Is(&["app_version"]),
            Is(&["set_app_version"]),
            Is(&["app_version"]),
            Is(&["appVersion"]),
            Not("the app's own runs say it"),
        ],
    ),
    (
        "the version table",
        [
            Is(&["version_table"]),
            Is(&["set_version_table"]),
            Is(&["version_table"]),
            Is(&["versionTable"]),
            Not("`version_table` in the settings"),
        ],
    ),
    (
        "no history, for Alembic's sake",
        [
            Is(&["keep_history"]),
            Not("Alembic is Python's"),
            Not("by itself in an Alembic folder"),
            Not("Alembic is Python's"),
            Not("by itself in an Alembic folder"),
        ],
    ),
    (
        "may tables be rebuilt?",
        [
            Is(&["rebuild"]),
            Is(&["set_rebuild"]),
            Is(&["rebuild"]),
            Is(&["rebuild"]),
            Not("`rebuild` in the settings"),
        ],
    ),
    (
        "what a transaction holds",
        [
            Is(&["transaction"]),
            Is(&["set_transaction"]),
            Is(&["transaction"]),
            Is(&["transaction"]),
            Not("`transaction` in the settings"),
        ],
    ),
    (
        "a database that is newer",
        [
            Is(&["newer_database"]),
            Is(&["set_newer_database"]),
            Is(&["newer_database"]),
            Is(&["newerDatabase"]),
            Not("`upgrade --newer-database`"),
        ],
    ),
    (
        "a backup first",
        [
            Is(&["backup"]),
            Is(&["set_backups"]),
            Is(&["backups", "keep_backups"]),
            Not("no JavaScript library lends SQLite's backup API synchronously"),
            Is(&["--backups"]),
        ],
    ),
    (
        "is there room?",
        [
            Is(&["room"]),
            Is(&["set_check_room"]),
            Is(&["check_room"]),
            Not("`openIndexedDb` asks the browser"),
            Not("always looked at"),
        ],
    ),
    (
        "look for damage first",
        [
            Is(&["quick_check"]),
            Is(&["set_quick_check"]),
            Is(&["quick_check"]),
            Is(&["quickCheck"]),
            Not("`quick_check` in the settings"),
        ],
    ),
    (
        "functions that the schema may call",
        [
            Is(&["trust_schema"]),
            Is(&["set_trust_schema"]),
            Is(&["trust_schema"]),
            Is(&["trustSchema"]),
            Not("`trust_schema` in the settings"),
        ],
    ),
    (
        "progress",
        [
            Is(&["on_event"]),
            Is(&["set_progress"]),
            Not("`on_progress=` of each verb"),
            Not("`onProgress` of each verb"),
            Is(&["--quiet", "--verbose"]),
        ],
    ),
    (
        "cancel from elsewhere",
        [
            Is(&["cancel_handle"]),
            Is(&["set_cancel"]),
            Not("`Migrator.cancel_handle()`"),
            Not("`signal` of each verb"),
            Not("Ctrl-C"),
        ],
    ),
];

const SURFACES: [&str; 5] = ["Rust", "C", "Python", "JavaScript", "command line"];

fn source(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

/// The public methods of Rust's `Migrator`.
fn rust() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(repository().join("core/src/migrator")).unwrap() {
        let mut of_migrator = false;
        for line in fs::read_to_string(entry.unwrap().path()).unwrap().lines() {
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

fn cell(cell: &Cell) -> String {
    match cell {
        Is(names) => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        Not(why) => format!("– {why}"),
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = format!("| | {} |\n|---|---|---|---|---|---|\n", SURFACES.join(" | "));
    for (what, cells) in rows {
        let cells: Vec<String> = cells.iter().map(cell).collect();
        text.push_str(&format!("| {what} | {} |\n", cells.join(" | ")));
    }
    text
}

#[test]
fn every_export_stands_in_one_row() {
    let exports = rust();
    // Rust's and C's choices are methods as the verbs are.
    let of = |rows: &[Row], surface: usize| -> Vec<&str> {
        let all = rows.iter().flat_map(|(_, cells)| match &cells[surface] {
            Is(names) => names.to_vec(),
            Not(_) => Vec::new(),
        });
        all.collect()
    };
    let same = |surface: &str, rows: Vec<&str>, exports: &BTreeSet<String>| {
        let named: BTreeSet<String> = rows.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(
            named.len(),
            rows.len(),
            "{surface}: a name stands twice in core/tests/documents/parity.rs"
        );
        let missing: Vec<_> = exports.difference(&named).collect();
        let gone: Vec<_> = named.difference(exports).collect();
        assert!(
            missing.is_empty() && gone.is_empty(),
            "{surface}: in no row of core/tests/documents/parity.rs: {missing:?}; in a row, and not there: {gone:?}"
        );
    };
    for (surface, exports) in [(0, exports), (1, c())] {
        same(SURFACES[surface], [of(VERBS, surface), of(CHOICES, surface)].concat(), &exports);
    }
    for (surface, (verbs, choices)) in [(2, python()), (3, javascript()), (4, command_line())] {
        same(SURFACES[surface], of(VERBS, surface), &verbs);
        same(SURFACES[surface], of(CHOICES, surface), &choices);
    }
}

#[test]
fn the_table_is_the_one_in_the_guide() {
    let text = format!(
        "# The same verbs everywhere\n\n\
        Which verb stands where, under which name. core/tests/documents/parity.rs writes this page, and fails when an export is in no row.\n\
        Where a surface has none, its reason stands behind the dash. In C each name has `limbeck_migrator_` before it.\n\n\
        ## Verbs\n\n{}\n## What is chosen before\n\n{}",
        table(VERBS),
        table(CHOICES)
    );
    let path = repository().join("core/guides/parity.md");
    if std::env::var_os("LIMBECK_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "core/guides/parity.md is stale: LIMBECK_BLESS=1 cargo test -p limbeck --features cli,bundled --test documents"
    );
}
