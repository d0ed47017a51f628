//! What the documents show is true: their commands run here, in order, each document in a folder of its
//! own, and where a document shows what a command prints, it prints that.
//!
//! - A fenced block of `sh` is run, line by line. In one of `console` the lines that begin with `$ ` are,
//!   and the others are what is printed; `…` stands for whatever is there.
//! - A block whose first line is a comment with a path, such as `-- migrations/0001_notes.sql`, is that file.
//! - `<!-- app.db: CREATE TABLE … -->` is SQL that runs on a file first, unseen by the reader.
//! - Any other block of `sql` must be a migration that limbeck can read.
//!
//! Blocks of Rust are doctests (tests/readme.rs; the guides are modules of the crate). Those of Python run in
//! python-bindings/tests/test_documents.py, those of JavaScript in wasm/tests/documents.test.mjs, those of C in
//! ffi/tests/c/documents.rs. What runs nowhere is in [`NOT_RUN`], with the reason.

mod markdown;
mod parity;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use markdown::{Block, blocks};

/// Commands that no test runs, by the document and what they begin with.
const NOT_RUN: &[(&str, &str, &str)] = &[
    (
        "README.md",
        "cargo run --release -p notes",
        "builds a program with optimisation; tests/run runs the app's steps",
    ),
    ("README.md", "tests/run", "is what runs this test"),
    ("README.md", "cargo install", "installs for the user; these tests run what it installs"),
    (
        "README.md",
        "pip install",
        "python-bindings/tests/run builds the wheel, and installs it where nothing else is",
    ),
    (
        "examples/python-service/README.md",
        "pip install",
        "test_service.py beside it runs with what this installs",
    ),
    (
        "examples/python-service/README.md",
        "uvicorn",
        "it serves until it is stopped; test_service.py starts the same app",
    ),
    (
        "examples/python-service/README.md",
        "limbeck upgrade",
        "test_service.py upgrades, with limbeck and with Alembic",
    ),
    ("examples/browser/README.md", "npm", "wasm/tests/run builds the example, and drives it in a Chromium"),
    ("README.md", "make -C", "tests/run installs the library and runs the example"),
];

/// Documents whose commands need Python's command, and are run by python-bindings/tests/test_documents.py.
const PYTHONS: &[&str] = &["core/guides/from_alembic.md", "python-bindings/README.md"];

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Every document for users, by its path in the repository.
fn documents() -> Vec<String> {
    let mut found: Vec<String> =
        ["README.md", "python-bindings/README.md", "wasm/README.md"].map(str::to_owned).into();
    for folder in ["core", "core/guides", "examples/browser", "examples/python-service"] {
        for entry in fs::read_dir(repository().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".md") {
                found.push(format!("{folder}/{name}"));
            }
        }
    }
    found.sort();
    found
}

fn read(document: &str) -> String {
    fs::read_to_string(repository().join(document)).unwrap()
}

fn not_run(document: &str, command: &str) -> Option<&'static str> {
    NOT_RUN
        .iter()
        .find(|(of, start, _)| *of == document && command.starts_with(start))
        .map(|(_, _, why)| *why)
}

#[test]
fn commands_do_what_is_shown() {
    let mut wrong = Vec::new();
    for document in documents() {
        if !PYTHONS.contains(&&*document) {
            let text = read(&document);
            wrong.extend(Scene::new(&document).play(&blocks(&text)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sql_is_sql() {
    for document in documents() {
        for block in blocks(&read(&document)) {
            if block.language != "sql" || block.options == "ignore" {
                continue;
            }
            let source = [("0001_shown.sql", block.body().to_owned())];
            let scripts = limbeck::script::read(&source)
                .unwrap_or_else(|error| panic!("{document}:{}: {error}", block.line));
            let body = scripts[0].body().unwrap_or_else(|error| panic!("{document}:{}: {error}", block.line));
            assert!(!body.up.items.is_empty(), "{document}:{}: a block without a statement", block.line);
        }
    }
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for document in documents() {
        let folder = repository().join(&document).parent().unwrap().to_owned();
        for link in markdown::links(&read(&document)) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            if path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            let target = if path.is_empty() { repository().join(&document) } else { folder.join(path) };
            let there = target.exists();
            let titled = anchor.is_empty()
                || fs::read_to_string(&target)
                    .is_ok_and(|text| markdown::anchors(&text).contains(&anchor.to_owned()));
            if !(there && titled) {
                broken.push(format!("{document}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// A page for each command, none for what has none, and no heading of clap's own.
#[test]
fn manual_pages() {
    let scene = Scene::new("man");
    let man = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_limbeck"));
        let output = command.arg("man").args(arguments).current_dir(&scene.folder).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let page = man(&[]);
    man(&["pages"]);
    assert_eq!(page, fs::read_to_string(scene.folder.join("pages/limbeck.1")).unwrap());
    for section in ["EXAMPLES", "\"EXIT STATUS\"", "ENVIRONMENT", "FILES"] {
        assert!(page.contains(&format!(".SH {section}\n")), "{section}");
    }
    let named: Vec<String> = page
        .lines()
        .filter_map(|line| {
            let name = line.replace('\\', "").strip_suffix("(1)")?.to_owned();
            name.starts_with("limbeck").then_some(name)
        })
        .collect();
    assert!(named.len() > 20, "{page}");
    for name in named {
        let text = fs::read_to_string(scene.folder.join(format!("pages/{name}.1"))).expect(&name);
        assert!(!text.contains("EXTRA"), "{name}");
    }
}

/// The tests that a document names, such as those that a promise rests on, are there.
#[test]
fn named_tests_exist() {
    let mut named = 0;
    for document in documents() {
        for command in read(&document).split('`').filter(|code| code.starts_with("cargo test ")) {
            let words: Vec<&str> = command.split(' ').collect();
            for test in words.windows(2).filter(|pair| pair[0] == "--test").map(|pair| pair[1]) {
                let ways = ["tests/{}.rs", "tests/{}/main.rs", "core/tests/{}.rs", "core/tests/{}/main.rs"];
                let there = ways.iter().any(|way| repository().join(way.replace("{}", test)).exists());
                assert!(there, "{document}: there is no test of `{command}`");
                named += 1;
            }
        }
    }
    assert!(named > 5);
}

#[test]
fn what_is_not_run_is_there() {
    for (document, start, why) in NOT_RUN {
        let text = read(document);
        let there = blocks(&text)
            .iter()
            .any(|block| block.commands().iter().any(|(command, _)| command.starts_with(start)));
        assert!(there, "{document} shows no `{start}` ({why}): delete the row");
    }
}

/// The folder that the commands of a document run in.
struct Scene<'d> {
    document: &'d str,
    folder: PathBuf,
}

impl Drop for Scene<'_> {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

impl<'d> Scene<'d> {
    fn new(document: &'d str) -> Scene<'d> {
        let name = document.replace(['/', '.'], "-");
        let folder = std::env::temp_dir().join(format!("limbeck-documents-{}-{name}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).unwrap();
        Scene { document, folder }
    }

    /// Runs the blocks, and answers what is not as it is shown.
    fn play(&self, blocks: &[Block]) -> Vec<String> {
        let mut wrong = Vec::new();
        for block in blocks {
            let place = format!("{}:{}", self.document, block.line);
            if let Some((database, sql)) = block.database() {
                let db = rusqlite::Connection::open(self.folder.join(database)).unwrap();
                db.execute_batch(sql).unwrap_or_else(|error| panic!("{place}: {error}"));
            } else if let Some(path) = block.path() {
                let path = self.folder.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, block.body()).unwrap();
            } else {
                for (command, shown) in block.commands() {
                    wrong.extend(self.run(&place, &command, shown.as_deref()));
                }
            }
        }
        wrong
    }

    fn run(&self, place: &str, command: &str, shown: Option<&str>) -> Option<String> {
        if not_run(self.document, command).is_some() {
            return None;
        }
        if command.contains("sqlite3 ") && Command::new("sqlite3").arg("--version").output().is_err() {
            eprintln!("{place}: skipped, there is no sqlite3 here: {command}");
            return None;
        }
        let bin = Path::new(env!("CARGO_BIN_EXE_limbeck")).parent().unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let mut shell = Command::new("sh");
        // What goes to stderr stands where a terminal would have it.
        shell.args(["-c", &format!("exec 2>&1\n{command}")]).current_dir(&self.folder).stdin(Stdio::null());
        for (name, _) in std::env::vars() {
            if name.starts_with("LIMBECK_") || name.contains("COLOR") || name == "DATABASE_URL" {
                shell.env_remove(name);
            }
        }
        let output =
            shell.env("PATH", path).env("HOME", &self.folder).env("COLUMNS", "100").output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        match shown {
            // What is shown says whether it is an error.
            Some(shown) if markdown::is_like(&printed, shown) => None,
            Some(shown) => Some(format!("{place}: $ {command}\n--- shown\n{shown}\n--- printed\n{printed}")),
            None if output.status.success() => None,
            None => Some(format!("{place}: $ {command}\n{}: {printed}", output.status)),
        }
    }
}
