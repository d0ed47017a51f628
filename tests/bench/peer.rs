//! limbeck beside its peers: the small command that a benchmark of several tools calls.
//!
//! ```text
//! peer limbeck s1 DATABASE FOLDER ROUNDS   open, ask whether it is current, close: median
//! peer limbeck s2 DATABASE FOLDER          apply FOLDER/sql to an empty file
//! peer limbeck s3 DATABASE CHANGE          one change of the table `orders`, a to g
//! peer limbeck probe DATABASE              t.v SET NOT NULL
//! peer floor DATABASE ROUNDS               open, select the row of limbeck_version, close: median
//! peer versions
//! ```
//!
//! `peer --user-version limbeck …` keeps the header's number, and its `floor` is `floor-user-version`.
//! Prints `{"ms": …}`; a failure is one line on stderr and status 1. `LIMBECK_PEER_REPORT=1` prints
//! the report as well. Run by hand:
//! `cargo build --release -p limbeck-tests --example peer`.

use std::path::Path;
use std::time::Instant;

use limbeck::Migrator;
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

fn run(arguments: &[&str]) -> Result<()> {
    let (keep, arguments) = match arguments {
        ["--user-version", rest @ ..] => (true, rest),
        all => (false, all),
    };
    match arguments {
        ["versions"] => println!("limbeck {} (SQLite {})", env!("CARGO_PKG_VERSION"), rusqlite::version()),
        [_, "s1", database, folder, rounds] => {
            let files = scripts(folder)?;
            measure(rounds.parse()?, || {
                let mut migrator = Migrator::new(&files)?.keep_user_version(keep);
                let report = migrator.upgrade(&mut Connection::open(database)?, "head")?;
                if report.is_empty() { Ok(()) } else { Err("the database was not current".into()) }
            })?;
        }
        ["floor-user-version", database, rounds] => measure(rounds.parse()?, || {
            let number = Connection::open(database)?
                .query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))?;
            if number == 0 { Err("the header has no number".into()) } else { Ok(()) }
        })?,
        ["floor", database, rounds] => measure(rounds.parse()?, || {
            let row = Connection::open(database)?.query_row(
                "SELECT version_num FROM limbeck_version",
                [],
                |row| row.get::<_, String>(0),
            )?;
            if row.is_empty() { Err("the database has no version".into()) } else { Ok(()) }
        })?,
        [_, "s2", database, folder] => {
            let files = scripts(folder)?;
            measure(1, || upgrade(database, &files, keep))?;
        }
        [_, "s3", database, change] => {
            let sql = format!("ALTER TABLE orders {}", actions(change).ok_or("no such change")?);
            measure(1, || upgrade(database, &[("1_change.sql".to_owned(), sql.clone())], keep))?;
        }
        [_, "probe", database] => {
            let sql = "ALTER TABLE t ALTER COLUMN v SET NOT NULL".to_owned();
            measure(1, || upgrade(database, &[("1_probe.sql".to_owned(), sql.clone())], keep))?;
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

fn upgrade(database: &str, files: &[(String, String)], keep: bool) -> Result<()> {
    let report =
        Migrator::new(files)?.keep_user_version(keep).upgrade(&mut Connection::open(database)?, "head")?;
    if std::env::var_os("LIMBECK_PEER_REPORT").is_some() {
        println!("{}", report.to_json());
    }
    Ok(())
}

fn scripts(folder: &str) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(Path::new(folder).join("sql"))? {
        let entry = entry?;
        files
            .push((entry.file_name().to_string_lossy().into_owned(), std::fs::read_to_string(entry.path())?));
    }
    files.sort();
    Ok(files)
}

/// The median of some rounds, in milliseconds, as one line of JSON.
fn measure(rounds: usize, mut round: impl FnMut() -> Result<()>) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..rounds.max(1) {
        let started = Instant::now();
        round()?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!("{{\"ms\": {}}}", times[times.len() / 2]);
    Ok(())
}
