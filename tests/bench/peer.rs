//! limbeck beside its peers: the small command that a benchmark of several tools calls.
//!
//! ```text
//! peer limbeck s1 DATABASE FOLDER ROUNDS   open, ask whether it is current, close: median
//! peer limbeck s2 DATABASE FOLDER          apply FOLDER/sql to an empty file
//! peer limbeck s3 DATABASE CHANGE          one change of the table `orders`, a to g
//! peer limbeck probe DATABASE              t.v SET NOT NULL
//! peer floor DATABASE ROUNDS               open, select the row of limbeck_version, close: median
//! peer both DATABASE FOLDER ROUNDS         the floor and a launch in turn: lower quartiles, and their ratio
//! peer versions
//! ```
//!
//! With `--user-version` before it limbeck keeps the header's number, and the floor asks for that. The files are as
//! `embed_migrations!` has them, and with `--dir` as `include_dir!` does, so that a launch takes their digest.
//! Prints `{"ms": …}`; a failure is one line on stderr and status 1. `LIMBECK_PEER_REPORT=1` prints
//! the report as well. Run by hand:
//! `cargo build --release -p limbeck-tests --example peer`.

use std::path::Path;
use std::time::Instant;

use include_dir::{Dir, DirEntry, File};
use limbeck::Migrator;
use limbeck::script::{Embedded, Source, embedded_folder};
use rusqlite::Connection;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let Err(error) = run(&arguments) {
        eprintln!("{}", error.to_string().replace('\n', " "));
        std::process::exit(1);
    }
}

fn flag<'a, 'b>(name: &str, arguments: &'a [&'b str]) -> (bool, &'a [&'b str]) {
    match arguments {
        [first, rest @ ..] if *first == name => (true, rest),
        all => (false, all),
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    let (keep, arguments) = flag("--user-version", arguments);
    let (dir, arguments) = flag("--dir", arguments);
    match arguments {
        ["versions"] => println!("limbeck {} (SQLite {})", env!("CARGO_PKG_VERSION"), rusqlite::version()),
        [_, "s1", database, folder, rounds] => {
            let files = embedded(folder, dir)?;
            measure(rounds.parse()?, || launch(database, files, keep))?;
        }
        ["floor", database, rounds] => measure(rounds.parse()?, || floor(database, keep))?,
        ["both", database, folder, rounds] => {
            let files = embedded(folder, dir)?;
            in_turn(rounds.parse()?, || floor(database, keep), || launch(database, files, keep))?;
        }
        [_, "s2", database, folder] => {
            let files = embedded(folder, dir)?;
            measure(1, || upgrade(database, files, keep))?;
        }
        [_, "s3", database, change] => {
            let sql = format!("ALTER TABLE orders {}", actions(change).ok_or("no such change")?);
            measure(1, || upgrade(database, [("1_change.sql", &sql)], keep))?;
        }
        [_, "probe", database] => {
            let probe = [("1_probe.sql", "ALTER TABLE t ALTER COLUMN v SET NOT NULL")];
            measure(1, || upgrade(database, probe, keep))?;
        }
        _ => return Err(format!("unsupported: {arguments:?}").into()),
    }
    Ok(())
}

/// One letter is one change, several are a batch, `g` is all.
fn actions(change: &str) -> Option<String> {
    let letters = if change == "g" { "abcdef" } else { change };
    let actions: Option<Vec<&str>> = letters
        .chars()
        .map(|change| match change {
            'a' => Some("ALTER COLUMN email SET NOT NULL"),
            'b' => Some("ALTER COLUMN qty TYPE INTEGER"),
            'c' => Some("DROP COLUMN legacy"),
            'd' => Some("ADD CONSTRAINT orders_amount CHECK (amount >= 0)"),
            'e' => {
                Some("ADD CONSTRAINT orders_customer_fk FOREIGN KEY(customer_id) REFERENCES customer (id)")
            }
            'f' => Some("ALTER COLUMN status SET DEFAULT 'pending'"),
            _ => None,
        })
        .collect();
    actions.map(|actions| actions.join(", "))
}

/// Of a database that is current.
fn launch(database: &str, files: &dyn Source, keep: bool) -> Result<()> {
    let mut migrator = Migrator::new(files)?.keep_user_version(keep);
    let report = migrator.upgrade(&mut Connection::open(database)?, "head")?;
    if report.is_empty() { Ok(()) } else { Err("the database was not current".into()) }
}

/// The least that a program does that asks the same.
fn floor(database: &str, keep: bool) -> Result<()> {
    let sql = if keep { "PRAGMA user_version" } else { "SELECT version_num FROM limbeck_version" };
    let asked =
        Connection::open(database)?.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0))?;
    if asked == 0.into() { Err("the header has no number".into()) } else { Ok(()) }
}

fn upgrade(database: &str, files: impl Source, keep: bool) -> Result<()> {
    let report =
        Migrator::new(files)?.keep_user_version(keep).upgrade(&mut Connection::open(database)?, "head")?;
    if std::env::var_os("LIMBECK_PEER_REPORT").is_some() {
        println!("{}", report.to_json());
    }
    Ok(())
}

/// A folder as it is in a binary. All of it is leaked: memory that was given back would spare each
/// round what the floor's rounds pay, asking the system for theirs.
fn embedded(folder: &str, dir: bool) -> Result<&'static dyn Source> {
    let mut files: Vec<(&str, &[u8])> = Vec::new();
    for entry in std::fs::read_dir(Path::new(folder).join("sql"))? {
        let entry = entry?;
        files.push((
            entry.file_name().to_string_lossy().into_owned().leak(),
            std::fs::read(entry.path())?.leak(),
        ));
    }
    files.sort();
    let files: &[_] = files.leak();
    if dir {
        let file = |&(name, text): &(&'static str, &'static [u8])| DirEntry::File(File::new(name, text));
        let entries: Vec<_> = files.iter().map(file).collect();
        return Ok(Box::leak(Box::new(Dir::new("", entries.leak()))));
    }
    let file = |&(name, text): &(&'static str, &'static [u8])| {
        embedded_folder::DirEntry::File(embedded_folder::File::new(name, text))
    };
    let entries: Vec<_> = files.iter().map(file).collect();
    Ok(Box::leak(Box::new(Embedded::new(embedded_folder::Dir::new("", entries.leak())))))
}

/// The median of some rounds, in milliseconds, as one line of JSON.
fn measure(rounds: usize, mut round: impl FnMut() -> Result<()>) -> Result<()> {
    let times: Result<Vec<f64>> = (0..rounds.max(1)).map(|_| timed(&mut round)).collect();
    println!("{{\"ms\": {}}}", quantile(times?, 2));
    Ok(())
}

/// Two things in turn, with the same memory and in the same minute.
fn in_turn(
    rounds: usize,
    mut floor: impl FnMut() -> Result<()>,
    mut launch: impl FnMut() -> Result<()>,
) -> Result<()> {
    let (mut floors, mut launches) = (Vec::new(), Vec::new());
    for _ in 0..rounds.max(1) {
        floors.push(timed(&mut floor)?);
        launches.push(timed(&mut launch)?);
    }
    let (floor, launch) = (quantile(floors, 4), quantile(launches, 4));
    println!("{{\"floor\": {floor:.5}, \"launch\": {launch:.5}, \"ratio\": {:.3}}}", launch / floor);
    Ok(())
}

fn timed(mut round: impl FnMut() -> Result<()>) -> Result<f64> {
    let started = Instant::now();
    round()?;
    Ok(started.elapsed().as_secs_f64() * 1e3)
}

/// The time that one of `parts` is below.
fn quantile(mut times: Vec<f64>, parts: usize) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / parts]
}
