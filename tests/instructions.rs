//! What a launch costs, in instructions: of 1,000 files and a current database, beside the least that any
//! program does on the same file. Times would tell of the machine; these counts do not, and the bounds are
//! generous, for tests are compiled without optimisation. The figures are in `bench/README.md`.

use std::path::{Path, PathBuf};
use std::process::Command;

use include_dir::{Dir, DirEntry, File};
use limbeck::Migrator;
use limbeck::script::{Embedded, Source, embedded_folder};
use rusqlite::Connection;

const COUNT: usize = 1_000;

/// For each file, of which the digest is made: 3,000 without optimisation. A launch that reads all headers and
/// places them in the graph was tried (`Folder::new` that asks for `scripts`), and fails: 49,800 each.
const MOST_FOR_A_FILE: u64 = 5_000;

/// For all of them, where the compiler has taken the digest.
const MOST_WHEN_COMPILED: u64 = 120_000;

fn files() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    let create = ("0000.sql".to_owned(), "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)".to_owned());
    let insert = |at| (format!("{at:04}.sql"), format!("INSERT INTO t VALUES ({at}, 'row {at}')"));
    let leaked = |(name, text): (String, String)| (&*name.leak(), text.leak().as_bytes());
    std::iter::once(create).chain((1..COUNT).map(insert)).map(leaked)
}

/// As `include_dir!` puts them into a program.
fn dir() -> Dir<'static> {
    let entries: Vec<_> = files().map(|(name, text)| DirEntry::File(File::new(name, text))).collect();
    Dir::new("", entries.leak())
}

/// As `embed_migrations!` does.
fn compiled() -> Embedded {
    use embedded_folder::{Dir, DirEntry, File};
    let entries: Vec<_> = files().map(|(name, text)| DirEntry::File(File::new(name, text))).collect();
    Embedded::new(Dir::new("", entries.leak()))
}

/// One program of those that are counted, so many times over.
fn work(what: &str, path: &Path, times: usize) {
    let (what, files): (_, Box<dyn Source>) = match what.strip_suffix("_compiled") {
        Some(what) => (what, Box::new(compiled())),
        None => (what, Box::new(dir())),
    };
    for _ in 0..times {
        let mut db = Connection::open(path).unwrap();
        match what {
            "select" => {
                let row: String =
                    db.query_row("SELECT version_num FROM limbeck_version", [], |row| row.get(0)).unwrap();
                assert_eq!(row, "0999");
            }
            "pragma" => {
                let number: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
                assert!(number > 0);
            }
            _ => {
                let mut migrator = Migrator::new(&*files).unwrap().keep_user_version(what == "header");
                assert!(migrator.upgrade(&mut db, "head").unwrap().is_empty());
            }
        }
    }
}

/// The instructions of one round: what more of them cost, so that neither start nor loading counts.
fn instructions(what: &str, path: &Path) -> u64 {
    let [few, many] = [2, 12].map(|times: usize| {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "in_a_process_of_its_own", "--ignored", "--test-threads=1"])
            .env("LIMBECK_WORK", format!("{what} {times} {}", path.display()))
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stdout));
        let collected = text.lines().find_map(|line| line.split_once("Collected : ")).unwrap().1;
        collected.trim().parse::<u64>().unwrap()
    });
    (many - few) / 10
}

#[test]
#[ignore = "the test below starts it"]
fn in_a_process_of_its_own() {
    let Ok(text) = std::env::var("LIMBECK_WORK") else { return };
    let mut words = text.splitn(3, ' ');
    let (what, times) = (words.next().unwrap(), words.next().unwrap().parse().unwrap());
    work(what, Path::new(words.next().unwrap()), times);
}

struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

#[test]
fn a_launch_costs_little_more_than_its_question() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("skipped: valgrind, which counts the instructions, is not installed");
        return;
    }
    let scratch =
        Scratch(std::env::temp_dir().join(format!("limbeck-instructions-{}.db", std::process::id())));
    let path = &scratch.0;
    Migrator::new(dir())
        .unwrap()
        .keep_user_version(true)
        .upgrade(&mut Connection::open(path).unwrap(), "head")
        .unwrap();
    let read = MOST_FOR_A_FILE * COUNT as u64;
    for (bare, launches) in [
        ("select", [("rows", read), ("rows_compiled", MOST_WHEN_COMPILED)]),
        ("pragma", [("header", read), ("header_compiled", MOST_WHEN_COMPILED)]),
    ] {
        let bare = instructions(bare, path);
        for (launch, most) in launches {
            let cost = instructions(launch, path);
            eprintln!("{launch}: {cost} instructions, where the bare question costs {bare}");
            assert!(
                cost <= bare + most,
                "{launch}: {cost} instructions, where the bare question costs {bare}"
            );
        }
    }
}
